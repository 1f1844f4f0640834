#include "extender/bind_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include "base/manual_clock.h"
#include "base/names.h"
#include "scoring/decision_record.h"
#include "test/support/cluster_builder.h"
#include "test/support/table.h"
#include "test/unit/extender/extender_fakes.h"

namespace headroom::extender {
namespace {

using kube::BindOutcome;
using test::ClusterBuilder;
using test::Topology;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// One rack of 1 kW with two nodes of 100 W idle: room for 800 W of pods.
class BindTest : public testing::Test {
 protected:
  BindTest() : service_({binder_, ledger_, decisions_, clock_}, BindConfig(), base::Seconds(15)) {
    cluster_.topology(Topology().feed("f", 10'000).rack("r", 1'000, "f").node_class(100, {}));
    cluster_.node("a", "r");
    cluster_.node("b", "r");
    cluster_.pod("p").watts(300);
    cluster_.pod("q").watts(600);
    publish();
  }

  void publish() {
    auto books = cluster_.books();
    auto snapshot = std::make_shared<const model::ClusterSnapshot>(cluster_.last_snapshot());
    decisions_.publish(std::make_shared<const Decision>(Decision{snapshot, books, clock_.mono_now()}));
    ledger_.settle(*snapshot);
  }

  BindAnswer bind(const std::string& pod, const std::string& node) {
    return service_.bind({pod, "default", "uid-" + pod, node});
  }
  [[nodiscard]] std::optional<scoring::ReservationState> entry(const std::string& pod) const {
    const auto view = ledger_.view();
    const auto* found = view->find("uid-" + pod);
    return found == nullptr ? std::nullopt : std::optional(found->state);
  }

  base::ManualClock clock_{test::kStart};
  ClusterBuilder cluster_;
  test::FakeBinder binder_;
  LedgerGuard ledger_;
  PublishedDecision decisions_;
  BindService service_;
};

TEST_F(BindTest, AcceptedBindingIsSuccessAndHoldsItsWatts) {
  EXPECT_EQ(bind("p", "a").error, "");
  EXPECT_EQ(entry("p"), scoring::ReservationState::bound);
  EXPECT_EQ(bind("q", "b").result, BindResult::refused) << "300 W are in flight, 500 W are left";
  EXPECT_EQ(entry("q"), std::nullopt);
}

TEST_F(BindTest, TheBindingCarriesUidAndDecision) {
  (void)bind("p", "a");
  ASSERT_THAT(binder_.sent(), SizeIs(1));
  const kube::BindRequest sent = binder_.sent()[0];
  EXPECT_EQ(sent.uid, "uid-p");
  EXPECT_EQ(sent.node, "a");
  const auto record = scoring::from_json(sent.annotations.at(std::string(base::names::kDecisionAnnotation)));
  ASSERT_TRUE(record.ok()) << record.error().message;
  EXPECT_EQ(record->estimate, base::watts(300));
  EXPECT_EQ(record->rack, "r");
  EXPECT_EQ(record->provenance, "annotation");
}

TEST_F(BindTest, ARefusedPodIsNeverSent) {
  cluster_.pod("old").on("a").watts(700);
  publish();
  const BindAnswer answer = bind("p", "a");
  EXPECT_EQ(answer.result, BindResult::refused);
  EXPECT_THAT(answer.error, HasSubstr("r"));
  EXPECT_THAT(binder_.sent(), IsEmpty());
}

struct OutcomeRow {
  const char* name;
  kube::BindReply reply;
  BindResult result;
  std::optional<scoring::ReservationState> entry;
};
void PrintTo(const OutcomeRow& row, std::ostream* out) {
  *out << row.name;
}

class BindOutcomeTest : public BindTest, public testing::WithParamInterface<OutcomeRow> {};

TEST_P(BindOutcomeTest, DecidesAnswerAndLedger) {
  binder_.reply_next(GetParam().reply);
  const BindAnswer answer = bind("p", "a");
  EXPECT_EQ(answer.result, GetParam().result);
  EXPECT_EQ(answer.error.empty(),
            GetParam().result == BindResult::bound || GetParam().result == BindResult::already_bound);
  EXPECT_EQ(entry("p"), GetParam().entry);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BindOutcomeTest,
    testing::Values(
        OutcomeRow{"created", {BindOutcome::bound, "", "", {}}, BindResult::bound, scoring::ReservationState::bound},
        OutcomeRow{"conflict with our own earlier try",
                   {BindOutcome::already_assigned, "a", "", {}},
                   BindResult::already_bound,
                   scoring::ReservationState::bound},
        OutcomeRow{
            "bound elsewhere", {BindOutcome::already_assigned, "b", "", {}}, BindResult::other_node, std::nullopt},
        OutcomeRow{"pod gone", {BindOutcome::gone, "", "", {}}, BindResult::gone, std::nullopt},
        OutcomeRow{"another pod of the name", {BindOutcome::uid_mismatch, "", "", {}}, BindResult::gone, std::nullopt},
        OutcomeRow{"forbidden", {BindOutcome::refused, "", "no", {}}, BindResult::denied, std::nullopt},
        OutcomeRow{"no answer",
                   {BindOutcome::unknown, "", "timed out", {}},
                   BindResult::unknown,
                   scoring::ReservationState::outcome_unknown}),
    test::RowName());

class UnknownBind : public BindTest {
 protected:
  void SetUp() override {
    binder_.reply_next({BindOutcome::unknown, "", "timed out", {}});
    ASSERT_EQ(bind("p", "a").result, BindResult::unknown);
  }
};

TEST_F(UnknownBind, KeepsTheWattsHoweverLongItTakes) {
  binder_.reply_usually({BindOutcome::unknown, "", "timed out", {}});
  cluster_.advance(std::chrono::hours(10));
  clock_.advance(std::chrono::hours(10));
  publish();
  service_.repeat_unknown();
  EXPECT_EQ(entry("p"), scoring::ReservationState::outcome_unknown);
  EXPECT_EQ(bind("q", "b").result, BindResult::refused);
}

TEST_F(UnknownBind, RepeatsTheVerySamePostUntilItIsDecided) {
  binder_.reply_next({BindOutcome::unknown, "", "connection reset", {}});
  service_.repeat_unknown();
  binder_.reply_next({BindOutcome::already_assigned, "a", "", {}});
  service_.repeat_unknown();
  service_.repeat_unknown();
  const auto sent = binder_.sent();
  ASSERT_THAT(sent, SizeIs(3)) << "decided: not sent a fourth time";
  for (const auto& request : sent) {
    EXPECT_EQ(request.node, "a");
    EXPECT_EQ(request.annotations, sent[0].annotations);
  }
  EXPECT_EQ(entry("p"), scoring::ReservationState::bound);
}

TEST_F(UnknownBind, AnotherNodeIsAnErrorMeanwhile) {
  const BindAnswer answer = bind("p", "b");
  EXPECT_EQ(answer.result, BindResult::busy);
  EXPECT_THAT(answer.error, HasSubstr("node a"));
  EXPECT_THAT(binder_.sent(), SizeIs(1));
}

TEST_F(UnknownBind, TheSameNodeSendsTheSameBindingAgain) {
  EXPECT_EQ(bind("p", "a").error, "");
  EXPECT_EQ(entry("p"), scoring::ReservationState::bound);
}

TEST_F(UnknownBind, ADefiniteNoToARepetitionDecidesNothing) {
  binder_.reply_next({BindOutcome::refused, "", "forbidden", {}});
  service_.repeat_unknown();
  EXPECT_EQ(entry("p"), scoring::ReservationState::outcome_unknown);
}

TEST_F(UnknownBind, APodThatIsGoneFreesTheWatts) {
  binder_.reply_next({BindOutcome::gone, "", "", {}});
  service_.repeat_unknown();
  EXPECT_EQ(entry("p"), std::nullopt);
  EXPECT_EQ(bind("q", "b").error, "");
}

TEST_F(UnknownBind, SeenBoundByTheWatchEndsTheRepetitions) {
  cluster_.pod("p").on("a");
  publish();
  EXPECT_EQ(entry("p"), std::nullopt);
  service_.repeat_unknown();
  EXPECT_THAT(binder_.sent(), SizeIs(1));
}

TEST_F(BindTest, ASilentApiServerIsAskedOnceARoundAndNobodyIsForgotten) {
  binder_.reply_usually({BindOutcome::unknown, "", "timed out", {}});
  for (const char* pod : {"a1", "a2", "a3"}) {
    cluster_.pod(pod).watts(10);
    publish();
    EXPECT_EQ(bind(pod, "a").result, BindResult::unknown);
  }
  ASSERT_THAT(binder_.sent(), SizeIs(3));
  for (int round = 0; round < 3; ++round) service_.repeat_unknown();
  const auto sent = binder_.sent();
  ASSERT_THAT(sent, SizeIs(6)) << "one a round";
  std::set<std::string> repeated;
  for (std::size_t i = 3; i < sent.size(); ++i) repeated.insert(sent[i].name);
  EXPECT_THAT(repeated, SizeIs(3)) << "each round begins with another";
  binder_.reply_usually({BindOutcome::bound, "", "", {}});
  service_.repeat_unknown();
  EXPECT_THAT(binder_.sent(), SizeIs(9));
  EXPECT_EQ(entry("a2"), scoring::ReservationState::bound);
}

TEST_F(BindTest, AnEntryLeavesOnlyWhenTheBooksShowThePod) {
  (void)bind("p", "a");
  publish();  // the watch has not seen the binding yet
  EXPECT_EQ(entry("p"), scoring::ReservationState::bound);
  cluster_.pod("p").on("a");
  publish();
  EXPECT_EQ(entry("p"), std::nullopt);
  EXPECT_EQ(bind("q", "b").result, BindResult::refused) << "the books count it now";
}

TEST_F(BindTest, AForbiddenRepeatDoesNotFreeABoundPod) {
  (void)bind("p", "a");
  binder_.reply_next({BindOutcome::refused, "", "forbidden", {}});
  EXPECT_EQ(bind("p", "a").result, BindResult::denied);
  EXPECT_EQ(entry("p"), scoring::ReservationState::bound);
}

TEST_F(BindTest, APodThatOurWatchHasNotSeenIsReadFromTheApi) {
  model::Pod late;
  late.uid = "uid-late";
  late.ns = "default";
  late.name = "late";
  binder_.have_pod(late);
  EXPECT_EQ(bind("late", "a").error, "");
  EXPECT_EQ(bind("never", "a").result, BindResult::gone);
}

TEST_F(BindTest, AnotherPodOfTheSameNameIsNotBound) {
  model::Pod other;
  other.uid = "uid-other";
  other.ns = "default";
  other.name = "x";
  binder_.have_pod(other);
  EXPECT_EQ(bind("x", "a").result, BindResult::gone);
  EXPECT_THAT(binder_.sent(), IsEmpty());
}

TEST_F(BindTest, APodSeenOnThatNodeIsSuccessWithoutAPost) {
  cluster_.pod("p").on("a");
  publish();
  EXPECT_EQ(bind("p", "a").error, "");
  EXPECT_EQ(bind("p", "b").result, BindResult::other_node);
  EXPECT_THAT(binder_.sent(), IsEmpty());
}

TEST_F(BindTest, OldBooksBindNothing) {
  clock_.advance(base::Seconds(16));
  const BindAnswer answer = bind("p", "a");
  EXPECT_EQ(answer.result, BindResult::not_ready);
  EXPECT_THAT(answer.error, HasSubstr("BooksTooOld"));
}

TEST(BindBeforeSync, IsAnError) {
  base::ManualClock clock;
  test::FakeBinder binder;
  LedgerGuard ledger;
  PublishedDecision decisions;
  BindService service({binder, ledger, decisions, clock}, BindConfig(), base::Seconds(15));
  EXPECT_THAT(service.bind({"p", "default", "u", "a"}).error, HasSubstr("NotSynced"));
}

}  // namespace
}  // namespace headroom::extender
