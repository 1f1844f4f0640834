#include "extender/requeue_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/names.h"
#include "test/support/cluster_builder.h"

namespace headroom::extender {
namespace {

using kube::ConditionStatus;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Two racks of 1 kW, one node of 100 W idle each. `taken(rack, watts)` fills a rack with a pod.
class Requeue : public testing::Test {
 protected:
  Requeue() {
    cluster_.topology(
        test::Topology().feed("f", 10'000).rack("r1", 1'000, "f").rack("r2", 1'000, "f").node_class(100, {}));
    cluster_.node("n1", "r1");
    cluster_.node("n2", "r2");
  }

  void taken(const std::string& rack, std::int64_t watts) {
    cluster_.pod("filler-" + rack).on(rack == "r1" ? "n1" : "n2").watts(watts);
  }
  void both_full() {
    taken("r1", 850);
    taken("r2", 850);
  }
  test::PodHandle waiting(const std::string& name, std::int64_t watts) {
    auto pod = cluster_.pod(name).watts(watts);
    pod.pod.unschedulable = true;
    return pod;
  }

  // One round, `seconds` after the last; the next round begins where it ended.
  std::vector<RequeuePatch> round(std::int64_t seconds = 1, std::size_t most = 1'000) {
    now_ += base::Seconds(seconds);
    cluster_.advance(base::Seconds(seconds));
    auto books = cluster_.books();
    auto snapshot = std::make_shared<const model::ClusterSnapshot>(cluster_.last_snapshot());
    const Decision decision{snapshot, books, now_};
    RequeuePlan plan = plan_requeue(
        {decision, ledger_, config_, base::names::kSchedulerName, now_, cluster_.now(), most}, std::move(state_));
    state_ = std::move(plan.next);
    last_waiting_ = std::move(plan.waiting);
    return std::move(plan.patches);
  }
  static std::vector<std::string> told(const std::vector<RequeuePatch>& patches) {
    std::vector<std::string> lines;
    for (const auto& patch : patches) {
      lines.push_back(patch.pod.name + "=" +
                      (patch.condition.status == ConditionStatus::is_true ? "True" : patch.condition.reason));
    }
    return lines;
  }

  test::ClusterBuilder cluster_;
  RequeueConfig config_;
  RequeueState state_;
  std::shared_ptr<const scoring::LedgerView> ledger_ = std::make_shared<const scoring::LedgerView>();
  std::vector<WaitingPod> last_waiting_;
  base::MonoTime now_{base::Seconds(1'000)};
};

TEST_F(Requeue, ARefusedPodIsToldWhyOnce) {
  both_full();
  waiting("p", 100);
  const auto patches = round();
  ASSERT_THAT(patches, SizeIs(1));
  EXPECT_EQ(patches[0].condition.type, base::names::kHeadroomCondition);
  EXPECT_EQ(patches[0].condition.status, ConditionStatus::is_false);
  EXPECT_EQ(patches[0].condition.reason, scoring::text_of(scoring::Reason::element_power).code);
  EXPECT_EQ(patches[0].pod.uid, "uid-p");
  for (int i = 0; i < 120; ++i) EXPECT_THAT(round(), IsEmpty()) << "nothing changes: nobody is woken";
}

TEST_F(Requeue, RoomOnARackWakesThePod) {
  both_full();
  waiting("p", 100);
  (void)round();
  taken("r1", 100);
  EXPECT_THAT(told(round(5)), ElementsAre("p=True"));
}

TEST_F(Requeue, AWakeThatLeadsNowhereIsRepeatedEverMoreSeldom) {
  both_full();
  waiting("p", 100);
  (void)round();
  taken("r1", 100);
  std::vector<int> woken_at;
  for (int second = 0; second < 300; ++second) {
    if (!round().empty()) woken_at.push_back(second);
  }
  EXPECT_THAT(woken_at, ElementsAre(0, 2, 6, 14, 44, 104, 224));
}

TEST_F(Requeue, ANewEdgeStartsTheIntervalsOver) {
  both_full();
  waiting("p", 100);
  (void)round();
  taken("r1", 100);
  for (int second = 0; second < 20; ++second) (void)round();
  taken("r2", 100);
  EXPECT_THAT(told(round()), ElementsAre("p=True"));
  EXPECT_THAT(round(), IsEmpty());
  EXPECT_THAT(told(round()), ElementsAre("p=True")) << "two seconds after the first again";
}

TEST_F(Requeue, TwoWakesAreAtLeastTwoSecondsApart) {
  both_full();
  waiting("p", 100);
  (void)round();
  for (int flap = 0; flap < 10; ++flap) {
    taken("r1", flap % 2 == 0 ? 100 : 850);
    const auto patches = round();
    if (flap % 2 == 1) {
      EXPECT_THAT(patches, IsEmpty());
    }
  }
  SUCCEED();
}

TEST_F(Requeue, NodeSelectorDecidesWhichRacksCount) {
  both_full();
  cluster_.node("n2", "r2").labels.insert_or_assign("disk", "ssd");
  waiting("p", 100).pod.node_selector = {{"disk", "ssd"}};
  (void)round();
  taken("r1", 100);
  EXPECT_THAT(round(5), IsEmpty());
  taken("r2", 100);
  EXPECT_THAT(told(round(5)), ElementsAre("p=True"));
}

TEST_F(Requeue, CordonedNodesDoNotCount) {
  both_full();
  waiting("p", 100);
  (void)round();
  cluster_.node("n1", "r1").unschedulable = true;
  taken("r1", 100);
  EXPECT_THAT(round(5), IsEmpty());
}

TEST_F(Requeue, OneFreePlaceWakesOnePod) {
  both_full();
  for (int i = 0; i < 20; ++i) waiting("p" + std::to_string(10 + i), 100).priority(i == 7 ? 1'000 : 0);
  EXPECT_THAT(round(), SizeIs(20)) << "reasons";
  taken("r1", 750);  // 150 W are free
  EXPECT_THAT(told(round(5)), ElementsAre("p17=True")) << "the most important one";
}

TEST_F(Requeue, WhenTheWokenPodDoesNotComeTheNextIsWoken) {
  both_full();
  waiting("a", 100);
  waiting("b", 100);
  (void)round();
  taken("r1", 750);
  EXPECT_THAT(told(round(5)), ElementsAre("a=True"));
  EXPECT_THAT(told(round(1)), ElementsAre("b=True")) << "a's place is not held for ever";
}

TEST_F(Requeue, FirstSightOfAPodThatFitsWakesItToo) {
  waiting("p", 100);
  EXPECT_THAT(told(round()), ElementsAre("p=True")) << "it may have been refused before we looked";
}

TEST_F(Requeue, AChangedReasonWaitsHalfAMinute) {
  both_full();
  waiting("p", 100);
  (void)round();
  cluster_.pod("p").annotate(base::names::kPolicyAnnotation, "nobody");
  std::vector<int> told_at;
  for (int second = 1; second <= 40; ++second) {
    if (!round().empty()) told_at.push_back(second);
  }
  EXPECT_THAT(told_at, ElementsAre(30));
}

TEST_F(Requeue, AReasonThatAlreadyStandsIsNotWrittenAgainAfterARestart) {
  both_full();
  auto pod = waiting("p", 100);
  pod.pod.headroom = model::HeadroomCondition{false, std::string(scoring::text_of(scoring::Reason::element_power).code),
                                              cluster_.now()};
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(Requeue, OthersPodsBoundPodsAndEndingPodsAreLeftAlone) {
  both_full();
  waiting("other", 100).scheduler("default-scheduler");
  waiting("bound", 100).on("n1");
  waiting("ending", 100).pod.terminating = true;
  cluster_.pod("gated").watts(100);
  EXPECT_THAT(round(), IsEmpty());
  EXPECT_THAT(last_waiting_, IsEmpty());
}

TEST_F(Requeue, APodNoNodeMayTakeIsNotOurs) {
  waiting("p", 100).pod.node_selector = {{"disk", "ssd"}};
  EXPECT_THAT(round(), IsEmpty());
  ASSERT_THAT(last_waiting_, SizeIs(1));
  EXPECT_EQ(last_waiting_[0].candidates, 0);
}

TEST_F(Requeue, ABudgetOfPatchesGoesOnWhereItEnded) {
  both_full();
  for (int i = 0; i < 25; ++i) waiting("p" + std::to_string(10 + i), 100);
  std::set<std::string> told_pods;
  for (int i = 0; i < 3; ++i) {
    for (const auto& patch : round(1, 10)) told_pods.insert(patch.pod.name);
  }
  EXPECT_THAT(told_pods, SizeIs(25));
}

TEST_F(Requeue, NodesThatComeAndGoKeepTheMemoryOfRacks) {
  both_full();
  waiting("p", 100);
  (void)round();
  cluster_.node("n0", "r0-new");  // moves every row
  cluster_.pod("filler").on("n0").watts(100'000);
  EXPECT_THAT(told(round(5)), ElementsAre("p=True")) << "the new rack is outside the topology and takes pods";
  (void)round(2);
  cluster_.node("n9", "r9-new");
  EXPECT_THAT(told(round(20)), ElementsAre("p=True"));
}

TEST_F(Requeue, RefusedRacksAreNamedForTheDebugPage) {
  both_full();
  taken("r2", 100);
  waiting("p", 100);
  (void)round();
  ASSERT_THAT(last_waiting_, SizeIs(1));
  EXPECT_TRUE(last_waiting_[0].fits);
  EXPECT_THAT(last_waiting_[0].refused_racks, SizeIs(1));
}

}  // namespace
}  // namespace headroom::extender
