// What the controller's allocation is told, and that the extender judges by the same.
#include "scoring/cap_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <tuple>

#include "scoring/judge.h"
#include "test/support/table.h"
#include "test/unit/scoring/books_fixture.h"

namespace headroom::scoring {
namespace {

using model::CappingMode;
using testing::ElementsAre;
using testing::IsEmpty;

// Two machines in rack r1 under f > p, of which the topology caps.
class CapInputs : public testing::Test {
 protected:
  CapInputs() {
    topology.object.capping = CappingMode::enforce;
    cluster.node("n1", "r1");
    cluster.node("n2", "r1");
    cluster.meter("n1", 300);
    cluster.meter("n2", 400);
  }
  CapInput take() {
    cluster.topology(topology);
    const auto books = cluster.books();
    return cap_input(*books, cluster.last_snapshot(), facts);
  }
  static const policy::CapLimit& limit(const CapInput& input, const std::string& name) {
    for (const auto& one : input.allocate.limits) {
      if (one.name == name) return one;
    }
    ADD_FAILURE() << "no limit " << name;
    return input.allocate.limits.front();
  }
  void cap(model::NodePowerCap made) {
    auto& caps = cluster.raw().node_power_caps;
    std::erase_if(caps, [&](const auto& one) { return one->name == made.name; });
    caps.push_back(std::make_shared<const model::NodePowerCap>(std::move(made)));
    std::sort(caps.begin(), caps.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  }
  // Ordered and in force.
  static model::NodePowerCap held(const std::string& name, std::int64_t budget) {
    model::NodePowerCap made;
    made.name = name;
    made.uid = "uid-" + name;
    made.spec.stamp = {1, 1};
    made.spec.budget = watts(budget);
    made.status.state = model::CapState::active;
    made.status.applied = watts(budget);
    made.status.observed = model::ObservedCap{made.uid, made.spec.stamp};
    return made;
  }

  Topology topology = hall();
  ClusterBuilder cluster;
  CapFacts facts;
};

TEST_F(CapInputs, AnElementIsALimitOverTheNodesBelowIt) {
  topology.object.capping_threshold_percent = 80;
  for (auto& element : topology.object.elements) element.emergency_percent = 110;
  const CapInput input = take();
  EXPECT_EQ(limit(input, "p").capacity, watts(5'000));
  EXPECT_EQ(limit(input, "p").load, watts(700));
  EXPECT_EQ(limit(input, "p").emergency, watts(5'500));
  EXPECT_EQ(limit(input, "p").threshold, base::percent(80));
  EXPECT_EQ(limit(input, "p").mode, model::EnforcementMode::enforce);
  ASSERT_EQ(input.allocate.nodes.size(), 2U);
  const policy::CapNode& node = input.allocate.nodes[0];
  EXPECT_EQ(node.name, "n1");
  EXPECT_EQ(node.limits.size(), 3U);
  EXPECT_EQ(node.class_max, watts(1'000));
  EXPECT_TRUE(node.class_max_known);
  EXPECT_EQ(node.measured, watts(300));
  EXPECT_EQ(node.wall, watts(300));
  EXPECT_TRUE(node.opted_in);
}

TEST_F(CapInputs, WhatIsNoNodeIsTakenOffTheLimit) {
  topology.object.elements[1].base_load = watts(200);
  EXPECT_EQ(limit(take(), "p").capacity, watts(4'800));
  EXPECT_EQ(limit(take(), "p").load, watts(900));
}

TEST_F(CapInputs, CappingOffMakesNoLimits) {
  topology.object.capping = CappingMode::off;
  EXPECT_THAT(take().allocate.limits, IsEmpty());
}

TEST_F(CapInputs, ATopologyThatRecommendsOrdersNothing) {
  topology.object.mode = model::EnforcementMode::recommend;
  EXPECT_EQ(limit(take(), "p").mode, model::EnforcementMode::recommend);
}

TEST_F(CapInputs, OptingInIsTheLabelsAndTheCanarys) {
  cluster.node("n2").labels["powercapping.example.com/capping"] = "disabled";
  EXPECT_TRUE(take().allocate.nodes[0].opted_in);
  EXPECT_FALSE(take().allocate.nodes[1].opted_in);
  topology.object.capping_node_selector = model::LabelSelector{{{"canary", "yes"}}, {}};
  EXPECT_FALSE(take().allocate.nodes[0].opted_in);
  cluster.node("n1").labels["canary"] = "yes";
  EXPECT_TRUE(take().allocate.nodes[0].opted_in);
}

TEST_F(CapInputs, ADeletedNodeStaysInTheSum) {
  take();
  cluster.delete_node("n1");
  const CapInput input = take();
  ASSERT_EQ(input.allocate.nodes.size(), 2U);
  EXPECT_TRUE(input.allocate.nodes[0].deleted);
  EXPECT_EQ(input.allocate.nodes[0].class_max, watts(1'000));
  EXPECT_EQ(input.row_of_node[0], kNone);
}

// ---- tenancy

struct TenancyCase {
  std::string name;
  model::PolicyNodeCaps rule = model::PolicyNodeCaps::exclusive;
  std::vector<std::string> others;  // pods on n1 beside the member: "plain" or "daemon"
  bool member = true;
  bool acts = false;
};

class Tenancy : public CapInputs, public testing::WithParamInterface<TenancyCase> {};

TEST_P(Tenancy, DecidesWhetherAPolicyCapsTheNode) {
  topology.object.policy_node_caps = GetParam().rule;
  model::PolicyObject gold = test::policy("gold", 10'000);
  gold.selector = model::LabelSelector{{{"tier", "gold"}}, {}};
  gold.node_caps.emplace_back();
  gold.node_caps[0].gpu = watts(300);
  cluster.policy(gold);
  if (GetParam().member) cluster.pod("m").on("n1").watts(50).label("tier", "gold");
  for (const std::string& other : GetParam().others) {
    cluster.pod(other).on("n1").watts(50).pod.owned_by_daemonset = other == "daemon";
  }
  const CapInput input = take();
  EXPECT_EQ(input.allocate.nodes[0].asked.gpu.has_value(), GetParam().acts);
  EXPECT_EQ(input.policies[0].acting.size(), GetParam().acts ? 1U : 0U);
  EXPECT_EQ(input.policies[0].shared.size(), GetParam().member && !GetParam().acts ? 1U : 0U);
  EXPECT_FALSE(input.allocate.nodes[1].asked.any());
}

INSTANTIATE_TEST_SUITE_P(
    Table, Tenancy,
    testing::Values(
        TenancyCase{"with the node to itself", model::PolicyNodeCaps::exclusive, {}, true, true},
        TenancyCase{"beside DaemonSets alone", model::PolicyNodeCaps::exclusive, {"daemon"}, true, true},
        TenancyCase{"not beside a pod of others", model::PolicyNodeCaps::exclusive, {"plain"}, true, false},
        TenancyCase{"not on a node without members", model::PolicyNodeCaps::exclusive, {}, false, false},
        TenancyCase{"not among DaemonSets alone", model::PolicyNodeCaps::exclusive, {"daemon"}, false, false},
        TenancyCase{"beside others where any is allowed", model::PolicyNodeCaps::any, {"plain"}, true, true},
        TenancyCase{"not where nothing is used by members", model::PolicyNodeCaps::any, {"plain"}, false, false},
        TenancyCase{"nowhere where it is denied", model::PolicyNodeCaps::deny, {}, true, false}),
    headroom::test::RowName());

TEST_F(CapInputs, OfSeveralPoliciesTheTightestOfEachQuantityCounts) {
  for (const auto& [name, gpu, node] : {std::tuple{"a", 300, 900}, std::tuple{"b", 250, 950}}) {
    model::PolicyObject made = test::policy(name, 10'000);
    made.node_caps.emplace_back();
    made.node_caps[0].gpu = watts(gpu);
    made.node_caps[0].node = watts(node);
    cluster.policy(made);
  }
  cluster.pod("m").on("n1").watts(50);
  const policy::ExplicitCaps asked = take().allocate.nodes[0].asked;
  EXPECT_EQ(asked.gpu, watts(250));
  EXPECT_EQ(asked.node, watts(900));
  EXPECT_EQ(asked.short_term_percent, 110);
}

TEST_F(CapInputs, NodeCapsGoToTheNodesThatTheirSelectorTakes) {
  model::PolicyObject made = test::policy("a", 10'000);
  made.node_caps.emplace_back();
  made.node_caps[0].node_selector = {{"kind", "gpu"}};
  made.node_caps[0].gpu = watts(300);
  cluster.policy(made);
  cluster.node("n2").labels["kind"] = "gpu";
  cluster.pod("m1").on("n1").watts(50);
  cluster.pod("m2").on("n2").watts(50);
  EXPECT_FALSE(take().allocate.nodes[0].asked.any());
  EXPECT_EQ(take().allocate.nodes[1].asked.gpu, watts(300));
}

TEST_F(CapInputs, APolicyThatRecommendsAsksForNothing) {
  model::PolicyObject made = test::policy("a", 10'000);
  made.mode = model::EnforcementMode::recommend;
  made.node_caps.emplace_back();
  made.node_caps[0].gpu = watts(300);
  cluster.policy(made);
  cluster.pod("m").on("n1").watts(50);
  const CapInput input = take();
  EXPECT_FALSE(input.allocate.nodes[0].asked.any());
  EXPECT_EQ(limit(input, "default/a").mode, model::EnforcementMode::recommend);
}

TEST_F(CapInputs, APolicysLimitIsDividedOverTheNodesThatItMayCap) {
  model::PolicyObject gold = test::policy("gold", 1'200);
  gold.selector = model::LabelSelector{{{"tier", "gold"}}, {}};
  gold.rack_constraints = {{"r1", watts(900), std::nullopt}};
  cluster.policy(gold);
  cluster.pod("m1").on("n1").watts(250).label("tier", "gold");
  cluster.pod("m2").on("n2").watts(100).label("tier", "gold");
  cluster.pod("other").on("n2").watts(50);
  const CapInput input = take();
  // 1200 less the 100 W of the member beside others, and n1's idle 100 W on top, which is nobody's.
  EXPECT_EQ(limit(input, "default/gold").capacity, watts(1'200));
  EXPECT_EQ(limit(input, "default/gold").load, watts(350));
  // What n2 draws with the rest of the rack is not for this policy to lower.
  EXPECT_LE(limit(input, "default/gold at r1").capacity, watts(500));
  EXPECT_EQ(input.allocate.nodes[0].limits.size(), 5U);
  EXPECT_EQ(input.allocate.nodes[1].limits.size(), 3U);
}

// A policy of the pods with `tier: gold`; n1 is its members' alone, n2 is shared.
class RackLimits : public CapInputs {
 protected:
  RackLimits() {
    cluster.pod("m1").on("n1").watts(250).label("tier", "gold");
    cluster.pod("m2").on("n2").watts(100).label("tier", "gold");
    cluster.pod("other").on("n2").watts(50);
  }
  void policy_with(model::RackConstraint constraint) {
    model::PolicyObject gold = test::policy("gold", 100'000);
    gold.selector = model::LabelSelector{{{"tier", "gold"}}, {}};
    gold.rack_constraints = {std::move(constraint)};
    cluster.policy(gold);
  }
  // Whose caps it lowers, once orders are in force everywhere.
  std::vector<std::string> lowered() {
    topology.object.capping = CappingMode::off;
    for (const auto* name : {"n1", "n2"}) cap(held(name, 900));
    auto input = take();
    std::vector<std::string> names;
    for (const auto& write : policy::allocate(input.allocate, {}).writes) {
      if (write.cause == policy::WriteCause::lower) names.push_back(input.allocate.nodes[write.node].name);
    }
    return names;
  }
};

TEST_F(RackLimits, PastMaxPowerTheMembersNodesAreLoweredAndNoOthers) {
  policy_with({"r1", watts(600), std::nullopt});
  EXPECT_THAT(lowered(), ElementsAre("n1"));
  EXPECT_LT(limit(take(), "default/gold at r1").capacity, watts(300)) << "600 W less what the shared node draws";
}

TEST_F(RackLimits, BelowItNobodyIs) {
  policy_with({"r1", watts(5'000), std::nullopt});
  EXPECT_THAT(lowered(), IsEmpty());
}

TEST_F(RackLimits, PastMaxTemperatureTheMembersNodesAreLoweredAndNoOthers) {
  policy_with({"r1", std::nullopt, base::celsius(30)});
  cluster.rack_inlet("r1", 31);
  EXPECT_EQ(limit(take(), "default/gold at r1").air, policy::InletAir::too_warm);
  EXPECT_THAT(lowered(), ElementsAre("n1"));
}

TEST_F(RackLimits, InCoolAirNobodyIs) {
  policy_with({"r1", std::nullopt, base::celsius(30)});
  cluster.rack_inlet("r1", 25);
  EXPECT_EQ(limit(take(), "default/gold at r1").air, policy::InletAir::cool);
  EXPECT_THAT(lowered(), IsEmpty());
}

TEST_F(RackLimits, ASensorThatFallsSilentWhileItIsTooWarmGivesNothingBack) {
  policy_with({"r1", std::nullopt, base::celsius(30)});
  cluster.rack_inlet("r1", 31);
  (void)take();
  cluster.advance(Seconds(600));
  EXPECT_EQ(limit(take(), "default/gold at r1").air, policy::InletAir::unknown);
}

TEST_F(CapInputs, ARackOfTheTopologyThatIsTooWarmIsToldLikewise) {
  topology.object.elements[2].max_inlet = base::celsius(30);
  cluster.rack_inlet("r1", 31);
  EXPECT_EQ(limit(take(), "r1").air, policy::InletAir::too_warm);
  EXPECT_EQ(limit(take(), "r2").air, policy::InletAir::cool);
}

TEST_F(CapInputs, ANodesPriorityIsThatOfItsHighestPodAndNoPolicysMore) {
  model::PolicyObject gold = test::policy("gold", 10'000);
  gold.selector = model::LabelSelector{{{"tier", "gold"}}, {}};
  gold.priority = 50;
  cluster.policy(gold);
  cluster.pod("m1").on("n1").priority(100).label("tier", "gold");
  cluster.pod("m2").on("n2").priority(10).label("tier", "gold");
  cluster.pod("daemon").on("n2").priority(2'000'000'000).pod.owned_by_daemonset = true;
  const CapInput input = take();
  EXPECT_EQ(input.allocate.nodes[0].priority, 50);
  EXPECT_EQ(input.allocate.nodes[1].priority, 10);
}

// ---- the extender judges by the same

TEST_F(CapInputs, ANodeHeldBackByItsBudgetTakesNoPodsAndCountsAtItsClassMaximum) {
  cap(held("n1", 310));
  cap(held("n2", 800));
  cluster.pod("new").watts(10);
  const CapInput input = take();
  const auto allocation = policy::allocate(input.allocate, {});
  const auto books = cluster.books();
  const LedgerView nothing;
  for (const auto& [name, binding] : {std::pair{"n1", true}, std::pair{"n2", false}}) {
    const std::uint32_t row = books->table->find(name);
    EXPECT_EQ(allocation.nodes[row].binding, binding) << "the controller, of " << name;
    EXPECT_EQ(books->views[0].nodes[row].capped, binding) << "the extender, of " << name;
    const Verdict verdict = Judge(*books, nothing, cluster.pod_value("new")).judge(name);
    EXPECT_EQ(verdict.reason, binding ? Reason::node_power_capped : Reason::none) << name;
  }
  EXPECT_EQ(allocation.nodes[0].demand, watts(1'000));
  EXPECT_EQ(node_booked(*books, "n1"), 1'000);
  EXPECT_EQ(node_booked(*books, "n2"), 400);
  EXPECT_EQ(text_of(Reason::node_power_capped).message, "node power capped");
}

struct AckCase {
  std::string name;
  std::function<void(model::NodePowerCap&)> change;
  double booked = 0;
};

class WithoutAck : public CapInputs, public testing::WithParamInterface<AckCase> {};

TEST_P(WithoutAck, CountsAsItMay) {
  model::NodePowerCap made = held("n1", 800);
  GetParam().change(made);
  cap(made);
  take();
  EXPECT_EQ(node_booked(*cluster.books(), "n1"), GetParam().booked);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WithoutAck,
    testing::Values(AckCase{"acknowledged, by its draw", [](model::NodePowerCap&) {}, 300},
                    AckCase{"never acknowledged, at its class maximum", [](model::NodePowerCap& c) { c.status = {}; },
                            1'000},
                    AckCase{"rebooted since, at its class maximum",
                            [](model::NodePowerCap& c) { c.status.boot_id = "old"; }, 1'000},
                    AckCase{"an agent that only observes caps nothing",
                            [](model::NodePowerCap& c) { c.status.state = model::CapState::observe; }, 300},
                    AckCase{"a newer order under way changes nothing",
                            [](model::NodePowerCap& c) { c.spec.stamp.sequence = 2; }, 300}),
    headroom::test::RowName());

}  // namespace
}  // namespace headroom::scoring
