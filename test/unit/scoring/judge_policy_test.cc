// Semantics §4: policies, and what is only recommended.
#include "test/unit/scoring/judge_fixture.h"

namespace headroom::scoring {
namespace {

// --- policies -----------------------------------------------------------------------------------------------------

class JudgedPolicy : public Judged {
 protected:
  void gold(std::int64_t cap, std::vector<model::RackConstraint> racks = {},
            EnforcementMode mode = EnforcementMode::enforce) {
    model::PolicyObject policy = test::policy("gold", cap);
    policy.rack_constraints = std::move(racks);
    policy.mode = mode;
    cluster.policy(policy);
  }
};

TEST_F(JudgedPolicy, the_members_together_stay_below_the_cap_on_whatever_rack) {
  gold(700);
  cluster.pod("a").on("n2").watts(400);
  expect_feasible(judge());
  cluster.pod("pod").watts(301);
  expect_refused(judge(), Outcome::refused_now, Reason::policy_power_cap);
}

TEST_F(JudgedPolicy, a_pod_larger_than_the_cap_is_refused_for_ever) {
  gold(299);
  expect_refused(judge(), Outcome::refused_forever, Reason::policy_power_cap);
}

TEST_F(JudgedPolicy, members_in_flight_count_against_the_cap) {
  gold(700);
  reserve("a", "n2", 401);
  expect_refused(judge(), Outcome::refused_now, Reason::policy_power_cap);
}

TEST_F(JudgedPolicy, nominated_members_count_against_the_cap) {
  gold(700);
  cluster.pod("a").nominated("n2").watts(401);
  expect_refused(judge(), Outcome::refused_now, Reason::policy_power_cap);
}

TEST_F(JudgedPolicy, pods_of_other_namespaces_do_not) {
  gold(700);
  cluster.pod("a").on("n2").watts(600).ns("other");
  expect_feasible(judge());
}

TEST_F(JudgedPolicy, a_rack_limit_is_compared_with_the_whole_racks_load) {
  gold(5'000, {{"r1", watts(700), {}}});
  cluster.pod("tenant").on("n1").watts(301).ns("other");
  expect_refused(judge(), Outcome::refused_now, Reason::rack_policy_power);
  expect_feasible(judge("n2"));
}

TEST_F(JudgedPolicy, a_rack_limit_below_the_pod_alone_refuses_for_ever) {
  gold(5'000, {{"r1", watts(399), {}}});
  expect_refused(judge(), Outcome::refused_forever, Reason::rack_policy_power);
}

TEST_F(JudgedPolicy, a_looser_rack_limit_than_the_topologys_is_no_relief) {
  gold(5'000, {{"r1", watts(9'000), {}}});
  Topology topology = hall();
  topology.object.elements[2].rated = watts(300);
  cluster.topology(topology);
  EXPECT_EQ(judge().reason, Reason::element_power);
}

TEST_F(JudgedPolicy, rack_limits_hold_without_any_topology) {
  ClusterBuilder bare;
  model::PolicyObject policy = test::policy("gold", 5'000);
  policy.rack_constraints = {{"r1", watts(500), {}}};
  bare.policy(policy);
  bare.node("n1", "r1");
  bare.node("n2", "r2");
  bare.pod("a").on("n1").watts(200);
  bare.pod("pod").watts(300);
  const auto books = bare.books();
  EXPECT_EQ(test::judged(*books, bare.pod_value("pod"), "n1").reason, Reason::rack_policy_power);
  expect_feasible(test::judged(*books, bare.pod_value("pod"), "n2"));
}

TEST_F(JudgedPolicy, the_tightest_of_several_policies_wins) {
  gold(5'000);
  cluster.policy(test::policy("silver", 299));
  EXPECT_EQ(judge().reason, Reason::policy_power_cap);
}

// --- Recommend ----------------------------------------------------------------------------------------------------

TEST_F(JudgedPolicy, recommend_on_a_policy_refuses_nothing_and_says_what_would_have_been) {
  gold(100, {{"r1", watts(50), {}}}, EnforcementMode::recommend);
  const Verdict verdict = judge();
  expect_feasible(verdict);
  EXPECT_EQ(verdict.would_refuse, Reason::rack_policy_power);
  EXPECT_EQ(judge("n2").would_refuse, Reason::policy_power_cap);
}

TEST_F(JudgedPolicy, recommend_on_the_topology_refuses_nothing_and_says_what_would_have_been) {
  Topology shadow = hall();
  shadow.object.mode = EnforcementMode::recommend;
  shadow.object.elements[2].rated = watts(200);
  cluster.topology(shadow);
  const Verdict verdict = judge();
  expect_feasible(verdict);
  EXPECT_EQ(verdict.would_refuse, Reason::element_power);
  EXPECT_EQ(judge("n2").would_refuse, Reason::none);
}

TEST_F(JudgedPolicy, recommend_covers_heat_telemetry_and_nodes_outside) {
  Topology shadow = hall();
  shadow.object.mode = EnforcementMode::recommend;
  shadow.object.on_stale = StaleTelemetry::fail_closed;
  shadow.object.nodes_outside = model::OutsideNodes::refuse;
  shadow.object.elements[3].max_inlet = celsius(30);
  cluster.topology(shadow);
  cluster.node("bare");
  expect_feasible(judge("n1"));
  EXPECT_EQ(judge("n1").would_refuse, Reason::no_power_telemetry);
  expect_feasible(judge("bare"));
  EXPECT_EQ(judge("bare").would_refuse, Reason::node_outside_topology);
  cluster.meter("n2", 100);
  cluster.inlet("n2", 35);
  expect_feasible(judge("n2"));
  EXPECT_EQ(judge("n2").would_refuse, Reason::inlet_hot);
}

TEST_F(JudgedPolicy, what_is_enforced_still_refuses_beside_what_is_recommended) {
  gold(100, {}, EnforcementMode::recommend);
  cluster.policy(test::policy("silver", 299));
  const Verdict verdict = judge();
  EXPECT_EQ(verdict.reason, Reason::policy_power_cap);
  EXPECT_EQ(verdict.would_refuse, Reason::policy_power_cap);
}

}  // namespace
}  // namespace headroom::scoring
