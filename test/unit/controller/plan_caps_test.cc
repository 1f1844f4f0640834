// What statuses say about caps, and what people hear who asked for a release.
#include "controller/plan_caps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "controller/event_choice.h"
#include "controller/release_answer.h"
#include "test/support/table.h"
#include "test/unit/controller/cap_fakes.h"
#include "test/unit/controller/world.h"

namespace headroom::controller::test {
namespace {

using base::watts;
using policy::CapReach;
using testing::HasSubstr;

// A round over the world's four nodes in which everything is set by hand.
struct Told : World {
  CapRound round;
  std::map<std::string, std::string> unwritten;

  explicit Told(model::CappingMode capping = model::CappingMode::enforce) {
    Topology made = hall();
    made.object.capping = capping;
    topology(made);
    auto one = controller::test::policy("p");
    one.node_caps.push_back({});
    World::policy(one);
    round.books = books();
    round.snapshot = std::make_shared<const model::ClusterSnapshot>(last_snapshot());
    round.input.policies.resize(1);
    round.input.policies[0].wants_caps = true;
    for (std::uint32_t row = 0; row < round.books->table->nodes.size(); ++row) {
      policy::CapNode node;
      node.name = round.books->table->nodes[row].node->name;
      round.input.allocate.nodes.push_back(node);
      round.input.row_of_node.push_back(row);
      round.allocation.nodes.emplace_back();
    }
  }
  Told& stands(std::uint32_t node, CapReach reach) {
    auto cap = controller::test::cap("n", {1, 1}, 400);
    round.input.allocate.nodes[node].cap = std::make_shared<const model::NodePowerCap>(in_force(cap));
    round.allocation.nodes[node].wanted = true;
    round.allocation.nodes[node].charge.reach = reach;
    return *this;
  }
  Told& acting(std::vector<std::uint32_t> rows) { return round.input.policies[0].acting = std::move(rows), *this; }
  Told& shared(std::vector<std::uint32_t> rows) { return round.input.policies[0].shared = std::move(rows), *this; }
  policy::LimitReport& limit(policy::LimitKind kind, const std::string& name, std::uint32_t subject) {
    policy::CapLimit made;
    made.kind = kind;
    made.name = name;
    made.subject = subject;
    round.input.allocate.limits.push_back(made);
    return round.allocation.limits.emplace_back();
  }
  DesiredStatus status(const std::string& name, const std::string& problem = {}) {
    CapsReport report;
    report.round = std::make_shared<const CapRound>(round);
    report.problem = problem;
    report.unwritten = unwritten;
    caps = plan_caps(report);
    return plan_of(name);
  }
};

TEST(PlanCaps, OrdersThatAreReadBackEverywhereAreInForce) {
  Told told;
  told.stands(0, CapReach::acknowledged).stands(1, CapReach::acknowledged).acting({0, 1});
  const auto status = told.status("p");
  EXPECT_EQ(verdict(status, "Capped"), "True InForce");
  EXPECT_EQ(std::get<PolicyNumbers>(status.numbers).nodes, (CapNumbers{2, 0, 0}));
  EXPECT_FALSE(is_trouble(*condition(status, "Capped")));
}

TEST(PlanCaps, OneNodeThatHasNotToldKeepsItPending) {
  Told told;
  told.stands(0, CapReach::acknowledged).stands(1, CapReach::unheard).acting({0, 1});
  const auto status = told.status("p");
  EXPECT_EQ(verdict(status, "Capped"), "False Pending");
  EXPECT_THAT(message(status, "Capped"), HasSubstr("n2"));
  EXPECT_EQ(std::get<PolicyNumbers>(status.numbers).nodes, (CapNumbers{1, 1, 0}));
  EXPECT_FALSE(is_trouble(*condition(status, "Capped")));
}

TEST(PlanCaps, AnOrderThatCouldNotBeWrittenIsSaidWithItsReason) {
  Told told;
  told.stands(0, CapReach::acknowledged).stands(1, CapReach::none).acting({0, 1});
  told.unwritten["n2"] = "403 Forbidden";
  const auto status = told.status("p");
  EXPECT_EQ(verdict(status, "Capped"), "False NotOrdered");
  EXPECT_THAT(message(status, "Capped"), HasSubstr("n2: 403 Forbidden"));
}

TEST(PlanCaps, AnAgentThatOnlyObservesIsAFailureWithItsReason) {
  Told told;
  told.stands(0, CapReach::acknowledged).stands(1, CapReach::observing).acting({0, 1});
  const auto status = told.status("p");
  EXPECT_EQ(verdict(status, "Capped"), "False NodesFailed");
  EXPECT_THAT(message(status, "Capped"), HasSubstr("n2 (AgentObserves)"));
  EXPECT_TRUE(is_trouble(*condition(status, "Capped")));
}

TEST(PlanCaps, SharedNodesAreSaid) {
  Told told;
  told.shared({2});
  const auto status = told.status("p");
  EXPECT_EQ(verdict(status, "Capped"), "False SharedNodes");
  EXPECT_THAT(message(status, "Capped"), HasSubstr("n3"));
}

TEST(PlanCaps, AnAdministratorsNoIsSaid) {
  Told told;
  told.shared({2}).round.input.policies[0].denied = true;
  EXPECT_EQ(verdict(told.status("p"), "Capped"), "False Denied");
}

TEST(PlanCaps, APolicyWithoutNodesHasNothingToCap) {
  EXPECT_EQ(verdict(Told().status("p"), "Capped"), "False NoNodes");
}

TEST(PlanCaps, FloorsThatDoNotFitAreAConflictWithTheWatts) {
  Told told;
  told.stands(0, CapReach::acknowledged).acting({0});
  told.limit(policy::LimitKind::policy, "default/p", 0).shortfall = watts(120);
  const auto status = told.status("p");
  EXPECT_EQ(verdict(status, "Conflicted"), "True FloorsHold");
  EXPECT_THAT(message(status, "Conflicted"), HasSubstr("120 W more"));
}

TEST(PlanCaps, LessThanAFloorIsAConflict) {
  Told told;
  told.stands(0, CapReach::acknowledged).acting({0}).round.allocation.nodes[0].below_floor = true;
  EXPECT_THAT(message(told.status("p"), "Conflicted"), HasSubstr("n1"));
}

TEST(PlanCaps, ATopologyTellsOfItsNodesAndElements) {
  Told told;
  told.stands(0, CapReach::acknowledged).stands(2, CapReach::rebooted);
  auto& report = told.limit(policy::LimitKind::element, "r1", 1);
  report.tight = true;
  report.braking = true;
  report.excess = watts(30);
  report.shortfall = watts(10);
  const auto status = told.status("hall");
  EXPECT_EQ(verdict(status, "Capped"), "False Pending");
  EXPECT_EQ(std::get<TopologyNumbers>(status.numbers).nodes, (CapNumbers{1, 1, 0}));
  EXPECT_EQ(verdict(status, "Tight"), "True AboveThreshold");
  EXPECT_EQ(verdict(status, "Emergency"), "True Braking");
  EXPECT_EQ(verdict(status, "Excess"), "True NotOurs");
  EXPECT_EQ(verdict(status, "Conflicted"), "True FloorsHold");
  EXPECT_EQ(verdict(told.status("p"), "Conflicted"), "") << "the element's, not the policy's";
}

TEST(PlanCaps, WithCappingOffATopologySaysNothing) {
  Told told(model::CappingMode::off);
  told.stands(0, CapReach::acknowledged);
  EXPECT_EQ(verdict(told.status("hall"), "Capped"), "");
}

TEST(PlanCaps, RecommendNamesTheNodesThatWouldBeHeldToLess) {
  Told told(model::CappingMode::recommend);
  told.round.allocation.nodes[3].recommended = watts(300);
  const auto status = told.status("hall");
  EXPECT_EQ(verdict(status, "Capped"), "False Recommending");
  EXPECT_THAT(message(status, "Capped"), HasSubstr("n4"));
}

TEST(PlanCaps, WhatKeepsAllOrdersBackStandsWhereCapsAreDeclared) {
  Told told;
  told.stands(0, CapReach::acknowledged).acting({0});
  EXPECT_EQ(verdict(told.status("p", "no CRD"), "Capped"), "False NotOrdered");
  EXPECT_EQ(message(told.status("hall", "no CRD"), "Capped"), "no CRD");
}

struct ReleaseRow {
  std::string name;
  bool asked, released, acknowledged, wanted, refused, explicit_caps, paused;
  std::string answer;
};
class ReleaseAnswers : public testing::TestWithParam<ReleaseRow> {};

TEST_P(ReleaseAnswers, SayWhatBecomesOfIt) {
  const ReleaseRow& row = GetParam();
  Told told;
  auto cap = controller::test::cap("n1", {1, 1}, 400);
  cap.release_requested = row.asked;
  cap.spec.release = row.released;
  if (row.acknowledged) cap = in_force(cap);
  told.round.input.allocate.nodes[0].cap = std::make_shared<const model::NodePowerCap>(cap);
  told.round.input.allocate.settings.paused = row.paused;
  if (row.explicit_caps) told.round.input.allocate.nodes[0].asked.gpu = watts(200);
  told.limit(policy::LimitKind::element, "r1", 1);
  auto& report = told.round.allocation.nodes[0];
  report.wanted = row.wanted;
  report.release_refused = row.refused;
  if (row.refused && !row.explicit_caps) report.release_refused_by = 0;
  const auto answer = release_answer(told.round, 0);
  if (row.answer.empty()) {
    EXPECT_EQ(answer, std::nullopt);
  } else {
    ASSERT_TRUE(answer.has_value());
    EXPECT_THAT(answer->text, HasSubstr(row.answer));
    EXPECT_EQ(answer->done, answer->text == "released");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReleaseAnswers,
    testing::Values(
        ReleaseRow{"nobody asked", false, true, true, false, false, false, false, ""},
        ReleaseRow{"the agent has confirmed", true, true, true, false, false, false, false, "released"},
        ReleaseRow{"the agent has not told yet", true, true, false, false, false, false, false, "under way"},
        ReleaseRow{"an element needs the cap", true, false, true, true, true, false, false, "kept: element r1"},
        ReleaseRow{"a policy asks for a cap", true, false, true, true, true, true, false, "kept: nodeCaps"},
        ReleaseRow{"it would not fit", true, false, true, false, true, false, false, "waits: given back"},
        ReleaseRow{"all is paused", true, false, true, false, true, false, true, "waits: caps are paused"},
        ReleaseRow{"it is ordered now", true, false, true, false, false, false, false, "under way: the order"}),
    headroom::test::RowName());

using policy::RatioLack;
using policy::RatioVerdict;

RatioFinding lacking(RatioLack lack, std::optional<base::Power> held_to = {}) {
  return {RatioVerdict::no_data, lack, {}, held_to};
}
RatioFinding judged(RatioVerdict verdict, double ratio, std::optional<base::Power> held_to = {}) {
  return {verdict, RatioLack::nodes, ratio, held_to};
}

struct RatioRow {
  const char* name;
  RatioFinding finding;
  const char* verdict;
  const char* says;
};
class RatioTold : public testing::TestWithParam<RatioRow> {};
TEST_P(RatioTold, InConditionAndStatus) {
  Told told;
  told.round.ratios["default/p"] = GetParam().finding;
  const auto status = told.status("p");
  EXPECT_EQ(verdict(status, "PerformanceRatio"), GetParam().verdict);
  EXPECT_THAT(message(status, "PerformanceRatio"), HasSubstr(GetParam().says));
  const auto& ratio = std::get<PolicyNumbers>(status.numbers).ratio;
  ASSERT_EQ(ratio.has_value(), GetParam().finding.ratio.has_value());
  if (!ratio) return;
  EXPECT_EQ(*ratio, (RatioNumbers{0.81, GetParam().finding.verdict == policy::RatioVerdict::within}));
}
INSTANTIATE_TEST_SUITE_P(
    Table, RatioTold,
    testing::Values(
        RatioRow{"no node", {}, "False NoPerformanceData", "may act on no node; all of powerCapLimit is theirs"},
        RatioRow{"no performance", lacking(RatioLack::performance), "False NoPerformanceData", "no fresh sample"},
        RatioRow{"no watts", lacking(RatioLack::watts), "False NoPerformanceData", "not every node"},
        RatioRow{"no best", lacking(RatioLack::best), "False NoPerformanceData", "5 minutes"},
        RatioRow{"hardly any load", lacking(RatioLack::load), "False NoPerformanceData", "under 5 %"},
        RatioRow{"orders on their way", lacking(RatioLack::orders), "False NoPerformanceData", "orders"},
        RatioRow{"no data while held", lacking(RatioLack::performance, watts(900)), "False NoPerformanceData",
                 "held to 900 W"},
        RatioRow{"within", judged(RatioVerdict::within, 0.814), "True WithinTolerance",
                 "nothing moves; all of powerCapLimit is theirs"},
        RatioRow{"below", judged(RatioVerdict::below, 0.806, watts(900)), "False BelowTarget", "held to 900 W"},
        RatioRow{"above", judged(RatioVerdict::above, 0.81, watts(900)), "False AboveTarget", "900 W"}),
    headroom::test::RowName());

TEST(PlanCaps, ASelectorWithoutAQueryIsSaid) {
  Told told;
  auto one = controller::test::policy("q");
  one.selector = model::LabelSelector{{{"app", "a"}}, {}};
  told.World::policy(one);
  told.round.books = told.books();
  told.round.input.policies.resize(2);
  told.round.ratios["default/q"] = lacking(RatioLack::performance);
  EXPECT_THAT(message(told.status("q"), "PerformanceRatio"),
              HasSubstr("a policy with a selector needs performanceQuery"));
}

TEST(PlanCaps, APolicyWithoutARatioSaysNothingAboutIt) {
  Told told;
  EXPECT_EQ(verdict(told.status("p"), "PerformanceRatio"), "");
}

}  // namespace
}  // namespace headroom::controller::test
