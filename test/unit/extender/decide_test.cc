#include "extender/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "test/support/cluster_builder.h"
#include "test/unit/extender/wire_bodies.h"

namespace headroom::extender {
namespace {

using test::ClusterBuilder;
using test::padded;
using test::Topology;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Two racks of 1 kW with one node of 100 W idle each; 850 W of pods stand on the first.
class Decide : public testing::Test {
 protected:
  Decide() {
    cluster_.topology(
        Topology().feed("f", 10'000).rack("full", 1'000, "f").rack("empty", 1'000, "f").node_class(100, {}));
    cluster_.node("n-full", "full");
    cluster_.node("n-empty", "empty");
    cluster_.pod("old").on("n-full").watts(850);
    cluster_.pod("new").watts(100);
    books_ = cluster_.books();
  }

  [[nodiscard]] State state() const { return {*books_, ledger_}; }
  [[nodiscard]] const model::Pod& pod() const { return cluster_.pod_value("new"); }

  [[nodiscard]] FilterDecision filter(const std::string& body) const {
    const auto request = read_nodes_request(body);
    EXPECT_TRUE(request.ok()) << request.error().message;
    return decide_filter(*request, pod(), state());
  }

  static std::string names(const std::string& list) { return padded(R"({"Pod":{},"NodeNames":[)" + list + "]}"); }
  static std::string object(const std::string& name, const std::string& rack) {
    return R"({"metadata":{"name":")" + name + R"(","labels":{"topology.kubernetes.io/rack":")" + rack +
           R"("}},"status":{"capacity":{"cpu":"32"}}})";
  }
  static std::string objects(const std::string& list) {
    return padded(R"({"Pod":{},"Nodes":{"items":[)" + list + "]}}");
  }

  ClusterBuilder cluster_;
  scoring::LedgerView ledger_;
  std::shared_ptr<const scoring::Books> books_;
};

TEST_F(Decide, FilterRefusesTheFullRackWithALowCardinalityReason) {
  const auto decision = filter(names(R"("n-full","n-empty")"));
  EXPECT_THAT(decision.answer.passed, ElementsAre(1u));
  ASSERT_EQ(decision.answer.refused.size(), 1u);
  EXPECT_EQ(decision.answer.refused[0].position, 0u);
  EXPECT_EQ(decision.answer.refused[0].reason, scoring::text_of(scoring::Reason::element_power).message);
  EXPECT_EQ(decision.refused[static_cast<std::size_t>(scoring::Reason::element_power)], 1u);
}

TEST_F(Decide, NodeObjectsGiveTheSameDecisionAsNames) {
  const auto by_name = filter(names(R"("n-full","n-empty")"));
  // Labels that lie do not matter: the books know both nodes.
  const auto by_object = filter(objects(object("n-full", "empty") + "," + object("n-empty", "full")));
  EXPECT_EQ(by_object.answer.passed, by_name.answer.passed);
  EXPECT_EQ(by_object.refused, by_name.refused);
}

TEST_F(Decide, ATemplateNodeIsJudgedByTheRackOfItsLabel) {
  const auto decision = filter(objects(object("template-1", "full") + "," + object("template-2", "empty")));
  EXPECT_THAT(decision.answer.passed, ElementsAre(1u));
}

TEST_F(Decide, ANameThatTheBooksDoNotKnowIsRefused) {
  const auto decision = filter(names(R"("ghost","n-empty")"));
  EXPECT_THAT(decision.answer.passed, ElementsAre(1u));
  EXPECT_EQ(decision.refused[static_cast<std::size_t>(scoring::Reason::node_unknown)], 1u);
}

TEST_F(Decide, ANodeObjectThatCannotBeReadIsAnUnknownNode) {
  const auto decision = filter(objects(R"({"metadata":{"name":"x","labels":7}})"));
  EXPECT_THAT(decision.answer.passed, IsEmpty());
  EXPECT_EQ(decision.refused[static_cast<std::size_t>(scoring::Reason::node_unknown)], 1u);
}

// Whatever is sent, in whatever order and however often: every distinct node stands in exactly one list, once.
TEST_F(Decide, EveryDistinctNodeIsAnsweredExactlyOnce) {
  std::mt19937 random(42);
  SCOPED_TRACE("seed 42");
  const std::vector<std::string> pool = {"n-full", "n-empty", "ghost", "", "n-fullx", "\xC3\xBC"};
  for (int round = 0; round < 300; ++round) {
    std::string list;
    std::set<std::string> distinct;
    for (auto i = random() % 12; i > 0; --i) {
      const std::string& name = pool[random() % pool.size()];
      distinct.insert(name);
      list += (list.empty() ? "\"" : ",\"") + name + "\"";
    }
    const std::string body = names(list);
    const auto request = read_nodes_request(body);
    ASSERT_TRUE(request.ok());
    const auto decision = decide_filter(*request, pod(), state());
    std::multiset<std::string> answered;
    for (const auto position : decision.answer.passed) answered.emplace(request->names[position]);
    for (const auto& refused : decision.answer.refused) answered.emplace(request->names[refused.position]);
    EXPECT_EQ(answered, std::multiset<std::string>(distinct.begin(), distinct.end()));
    EXPECT_EQ(decide_prioritize(*request, pod(), state()).size(), distinct.size());
  }
}

TEST_F(Decide, PrioritizePrefersTheEmptierRack) {
  const std::string body = names(R"("n-full","n-empty")");
  const auto request = read_nodes_request(body);
  const auto scores = decide_prioritize(*request, pod(), state());
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_LT(scores[0].score, scores[1].score);
}

TEST_F(Decide, PreemptCreditsNoVictims) {
  const std::string body = padded(
      R"({"Pod":{},"NodeNameToMetaVictims":{"n-full":{"Pods":[{"UID":"uid-old"}]},"n-empty":{"Pods":[{"UID":"x"}]}}})");
  const auto request = read_preempt_request(body);
  ASSERT_TRUE(request.ok());
  EXPECT_THAT(decide_preempt(*request, pod(), state()), ElementsAre(1u));
}

TEST_F(Decide, AReservationInFlightTakesTheRoom) {
  auto entry = std::make_shared<scoring::Reservation>();
  entry->pod_uid = "uid-other";
  entry->node = "n-empty";
  entry->rack = "empty";
  entry->estimate = base::watts(850);
  ledger_.entries.push_back(entry);
  EXPECT_THAT(filter(names(R"("n-empty")")).answer.passed, IsEmpty());
}

TEST_F(Decide, RecommendRefusesNothingAndCounts) {
  Topology shadow;
  shadow.feed("f", 10'000).rack("full", 1'000, "f").rack("empty", 1'000, "f").node_class(100, {});
  shadow.object.mode = model::EnforcementMode::recommend;
  cluster_.topology(shadow);
  books_ = cluster_.books();
  const auto decision = filter(names(R"("n-full","n-empty")"));
  EXPECT_THAT(decision.answer.passed, ElementsAre(0u, 1u));
  EXPECT_EQ(decision.would_refuse[static_cast<std::size_t>(scoring::Reason::element_power)], 1u);
}

TEST(ReadPod, NamesTheFieldThatIsWrong) {
  const std::string body = padded(R"({"metadata":{"name":7}})");
  const auto pod = read_pod_of(body);
  ASSERT_FALSE(pod.ok());
  EXPECT_THAT(pod.error().message, testing::StartsWith("Pod: metadata.name"));
}

TEST(ReadPod, RecordedPodHasItsResources) {
  const std::string body = test::recorded("filter.cache-true.3nodes.json");
  const auto request = read_nodes_request(body);
  ASSERT_TRUE(request.ok());
  const auto pod = read_pod_of(request->pod_json);
  ASSERT_TRUE(pod.ok()) << pod.error().message;
  EXPECT_EQ(pod->ns, "default");
  EXPECT_FALSE(pod->devices.empty());
}

}  // namespace
}  // namespace headroom::extender
