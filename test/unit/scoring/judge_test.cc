// Semantics §1-4 as far as one pod on one node is judged and scored.
#include "scoring/judge.h"

#include <gtest/gtest.h>

#include <set>

#include "scoring/rank.h"

#include "test/support/cluster_builder.h"

namespace headroom::scoring {
namespace {

using base::celsius;
using base::Seconds;
using base::watts;
using model::EnforcementMode;
using model::StaleTelemetry;
using test::ClusterBuilder;
using test::kStart;
using test::Topology;

Topology hall() {
  return Topology()
      .node_class(100, 1'000)
      .feed("f", 10'000)
      .pdu("p", 5'000, "f")
      .rack("r1", 2'000, "p")
      .rack("r2", 2'000, "p");
}

// Two nodes in two racks, and the pod in question.
class Judged : public testing::Test {
 protected:
  Judged() {
    cluster.topology(hall());
    cluster.node("n1", "r1");
    cluster.node("n2", "r2");
    cluster.pod("pod").watts(300);
  }
  Verdict judge(const std::string& node = "n1") {
    const auto books = cluster.books();
    return Judge(*books, *ledger.view(), cluster.pod_value("pod")).judge(node);
  }
  int score(const std::string& node) {
    const auto books = cluster.books();
    return Judge(*books, *ledger.view(), cluster.pod_value("pod")).score(node);
  }
  Verdict judge(const model::Node& node) {
    const auto books = cluster.books();
    return Judge(*books, *ledger.view(), cluster.pod_value("pod")).judge(node);
  }
  void reserve(const std::string& pod, const std::string& node, std::int64_t power) {
    Reservation made;
    made.pod_uid = "uid-" + pod;
    made.node = node;
    made.rack = "r1";
    made.estimate = watts(power);
    made.policies = {"default/gold"};
    ledger.reserve(made, *cluster.snapshot());
  }
  ClusterBuilder cluster;
  Ledger ledger;
};

void expect_refused(const Verdict& verdict, Outcome outcome, Reason reason) {
  EXPECT_EQ(verdict.outcome, outcome);
  EXPECT_EQ(text_of(verdict.reason).code, text_of(reason).code);
  EXPECT_FALSE(admits(verdict));
}
void expect_feasible(const Verdict& verdict) {
  EXPECT_EQ(verdict.outcome, Outcome::feasible) << text_of(verdict.reason).message;
  EXPECT_EQ(verdict.reason, Reason::none);
  EXPECT_TRUE(admits(verdict));
}

// --- element limits -----------------------------------------------------------------------------------------------

TEST_F(Judged, a_pod_that_fits_is_feasible_and_told_what_it_adds) {
  const Verdict verdict = judge();
  expect_feasible(verdict);
  EXPECT_EQ(verdict.estimate, watts(300));
  EXPECT_EQ(verdict.demand, watts(300));
}

TEST_F(Judged, up_to_the_limit_itself_fits_and_one_watt_more_does_not) {
  Topology topology = hall();
  topology.object.elements[2].rated = watts(400);
  cluster.topology(topology);
  expect_feasible(judge());
  cluster.pod("pod").watts(301);
  const Verdict verdict = judge();
  expect_refused(verdict, Outcome::refused_forever, Reason::element_power);
  EXPECT_EQ(verdict.missing, watts(1));
}

TEST_F(Judged, the_limit_is_rated_watts_times_continuous_percent) {
  Topology topology = hall();
  topology.object.elements[2].rated = watts(400);
  topology.object.elements[2].continuous_percent = 80;
  cluster.topology(topology);
  cluster.pod("pod").watts(220);
  expect_feasible(judge());
  cluster.pod("pod").watts(221);
  EXPECT_FALSE(admits(judge()));
}

TEST_F(Judged, every_element_above_the_node_is_asked) {
  Topology topology = hall();
  topology.object.elements[0].rated = watts(450);
  cluster.topology(topology);
  const auto books = cluster.books();
  const Verdict verdict = test::judged(*books, cluster.pod_value("pod"), "n1");
  expect_refused(verdict, Outcome::refused_now, Reason::element_power);
  EXPECT_EQ(books->topology->elements[verdict.element].name, "f");
}

TEST_F(Judged, a_dual_fed_rack_needs_only_its_share_of_each_feed) {
  cluster.topology(Topology().node_class(100, 1'000).feed("a", 200).feed("b", 10'000).dual_rack("r1", 2'000, "a", "b"));
  expect_feasible(judge());
  cluster.pod("pod").watts(301);
  EXPECT_FALSE(admits(judge()));
}

TEST_F(Judged, refused_for_now_where_load_is_in_the_way_and_for_ever_where_the_path_is_too_small) {
  Topology topology = hall();
  topology.object.elements[2].rated = watts(600);
  cluster.topology(topology);
  cluster.pod("other").on("n1").watts(300);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
  cluster.pod("pod").watts(550);
  expect_refused(judge(), Outcome::refused_forever, Reason::element_power);
}

TEST_F(Judged, a_tighter_limit_evicts_nobody_and_nothing_more_is_placed) {
  cluster.pod("other").on("n1").watts(800);
  Topology topology = hall();
  topology.object.elements[2].rated = watts(500);
  cluster.topology(topology);
  cluster.pod("pod").watts(2);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
}

TEST_F(Judged, a_node_that_is_booked_at_its_maximum_takes_more_pods_only_within_the_limits) {
  cluster.pod("other").on("n1").watts(900);
  const Verdict verdict = judge();
  expect_feasible(verdict);
  EXPECT_EQ(verdict.demand, watts(0));
}

TEST_F(Judged, booked_admission_counts_estimates_and_measured_admission_what_is_present) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 900, "f").rack("r2", 900, "f"));
  cluster.pod("other").on("n1").watts(700).started(kStart);
  cluster.advance(Seconds(100)).meter("n1", 200);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
  Topology measured = Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 900, "f").rack("r2", 900, "f");
  measured.object.admission = model::Admission::measured;
  cluster.topology(measured);
  expect_feasible(judge());
}

TEST_F(Judged, unmanaged_load_takes_headroom) {
  Topology topology = hall();
  topology.object.elements[2].base_load = watts(1'700);
  cluster.topology(topology);
  expect_refused(judge(), Outcome::refused_forever, Reason::element_power);
  expect_feasible(judge("n2"));
}

// --- in flight ----------------------------------------------------------------------------------------------------

TEST_F(Judged, reservations_count_until_the_books_show_them) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 600, "f").rack("r2", 2'000, "f"));
  expect_feasible(judge());
  cluster.pod("first").watts(300);
  reserve("first", "n1", 300);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
  // Bound and in the books: it must not count twice.
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 700, "f").rack("r2", 2'000, "f"));
  cluster.pod("first").on("n1");
  expect_feasible(judge());
}

TEST_F(Judged, a_pods_own_reservation_never_counts_against_itself) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 400, "f").rack("r2", 400, "f"));
  reserve("pod", "n1", 300);
  expect_feasible(judge());
}

TEST_F(Judged, reservations_count_on_elements_above_other_racks_too) {
  Topology topology = hall();
  topology.object.elements[1].rated = watts(700);
  cluster.topology(topology);
  reserve("first", "n2", 300);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
}

TEST_F(Judged, a_reservation_on_a_node_that_vanished_counts_on_its_rack) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 600, "f").rack("r2", 2'000, "f"));
  reserve("first", "gone", 300);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
}

TEST_F(Judged, reservations_on_a_full_node_count_only_up_to_what_it_can_draw) {
  cluster.pod("other").on("n1").watts(800);
  for (const char* pod : {"a", "b", "c"}) reserve(pod, "n1", 500);
  Topology topology = hall();
  topology.object.elements[2].rated = watts(1'000);
  cluster.topology(topology);
  expect_feasible(judge());
}

TEST_F(Judged, a_nominated_pod_holds_its_estimate_against_pods_of_equal_or_lower_priority) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 600, "f").rack("r2", 2'000, "f"));
  cluster.pod("vip").nominated("n1").watts(300).priority(10);
  cluster.pod("pod").priority(10);
  expect_refused(judge(), Outcome::refused_now, Reason::element_power);
  cluster.pod("pod").priority(9);
  EXPECT_FALSE(admits(judge()));
  cluster.pod("pod").priority(11);
  expect_feasible(judge());
}

TEST_F(Judged, a_pods_own_nomination_never_counts_against_itself) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 400, "f").rack("r2", 2'000, "f"));
  cluster.pod("pod").nominated("n1");
  expect_feasible(judge());
}

TEST_F(Judged, a_nominated_pod_that_is_being_bound_counts_once) {
  cluster.topology(Topology().node_class(100, 1'000).feed("f", 10'000).rack("r1", 700, "f").rack("r2", 2'000, "f"));
  cluster.pod("vip").nominated("n1").watts(300);
  reserve("vip", "n1", 300);
  expect_feasible(judge());
}

TEST_F(Judged, judging_has_no_side_effects) {
  const auto books = cluster.books();
  const auto view = ledger.view();
  Judge judge(*books, *view, cluster.pod_value("pod"));
  const Verdict first = judge.judge("n1");
  const int score = judge.score("n1");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(judge.judge("n1"), first);
    EXPECT_EQ(judge.score("n1"), score);
  }
  EXPECT_EQ(ledger.view(), view);
}

// --- the pod itself -----------------------------------------------------------------------------------------------

TEST_F(Judged, a_malformed_annotation_refuses_for_ever_and_names_the_key) {
  cluster.pod("pod").annotate("powercapping.example.com/expected-watts", "300W");
  const Verdict verdict = judge();
  expect_refused(verdict, Outcome::refused_forever, Reason::malformed_expected_watts);
  EXPECT_NE(text_of(verdict.reason).message.find("powercapping.example.com/expected-watts"), std::string_view::npos);
}

TEST_F(Judged, a_malformed_annotation_is_said_even_on_an_unknown_node) {
  cluster.pod("pod").annotate("powercapping.example.com/expected-watts", "");
  expect_refused(judge("unheard"), Outcome::refused_forever, Reason::malformed_expected_watts);
}

TEST_F(Judged, a_pod_naming_an_unknown_policy_is_refused) {
  cluster.pod("pod").annotate("powercapping.example.com/policy", "nobody");
  expect_refused(judge(), Outcome::refused_now, Reason::unknown_policy);
}

TEST_F(Judged, a_policy_that_cannot_be_read_refuses_new_pods_of_its_namespace) {
  cluster.unreadable_policy("default/broken");
  expect_refused(judge(), Outcome::refused_now, Reason::unreadable_policy);
  cluster.pod("pod").ns("other");
  expect_feasible(judge());
}

// --- the node -----------------------------------------------------------------------------------------------------

TEST_F(Judged, a_node_that_is_not_in_the_books_is_unknown_and_not_admitted) {
  const Verdict verdict = judge("unheard");
  expect_refused(verdict, Outcome::unknown, Reason::node_unknown);
  EXPECT_EQ(score("unheard"), 0);
}

TEST_F(Judged, an_invalid_topology_refuses_its_racks_on_a_fresh_start_and_leaves_another_hall_alone) {
  Topology cyclic("cyclic");
  cyclic.element("x", model::ElementType::pdu, 5'000, {{"y", 100}});
  cyclic.element("y", model::ElementType::pdu, 5'000, {{"x", 100}});
  cyclic.rack("r9", 2'000, "x");
  cluster.topology(cyclic);
  cluster.node("n9", "r9");
  expect_refused(judge("n9"), Outcome::refused_now, Reason::topology_invalid);
  expect_feasible(judge("n1"));
}

TEST_F(Judged, nodes_outside_are_allowed_or_refused_as_the_topology_says) {
  cluster.node("stray", "unheard");
  cluster.node("bare");
  expect_feasible(judge("stray"));
  expect_feasible(judge("bare"));
  Topology closed = hall();
  closed.object.nodes_outside = model::OutsideNodes::refuse;
  cluster.topology(closed);
  expect_refused(judge("stray"), Outcome::refused_now, Reason::node_outside_topology);
  expect_refused(judge("bare"), Outcome::refused_now, Reason::node_outside_topology);
  expect_feasible(judge("n1"));
}

// --- telemetry ----------------------------------------------------------------------------------------------------

class JudgedStale : public Judged {
 protected:
  void with_rule(StaleTelemetry rule) {
    Topology topology = hall();
    topology.object.on_stale = rule;
    cluster.topology(topology);
  }
  void go_stale() {
    cluster.meter("n1", 300);
    cluster.books();
    cluster.advance(Seconds(61));
  }
};

TEST_F(JudgedStale, fail_closed_places_nothing_on_a_stale_node) {
  with_rule(StaleTelemetry::fail_closed);
  cluster.meter("n1", 300);
  expect_feasible(judge());
  cluster.advance(Seconds(61));
  expect_refused(judge(), Outcome::refused_now, Reason::no_power_telemetry);
}

TEST_F(JudgedStale, fail_closed_places_nothing_on_a_node_that_was_never_metered) {
  with_rule(StaleTelemetry::fail_closed);
  expect_refused(judge(), Outcome::refused_now, Reason::no_power_telemetry);
}

TEST_F(JudgedStale, assume_peak_and_fail_open_place_within_what_they_count) {
  with_rule(StaleTelemetry::assume_peak);
  go_stale();
  expect_feasible(judge());
  with_rule(StaleTelemetry::fail_open);
  expect_feasible(judge());
}

TEST_F(JudgedStale, the_exporters_themselves_are_exempt_from_stale_data_and_not_from_limits) {
  cluster.settings().discovery_namespaces = {"monitoring"};
  with_rule(StaleTelemetry::fail_closed);
  cluster.pod("pod").ns("monitoring");
  expect_feasible(judge());
  Topology small = hall();
  small.object.on_stale = StaleTelemetry::fail_closed;
  small.object.elements[2].rated = watts(200);
  cluster.topology(small);
  EXPECT_EQ(judge().reason, Reason::element_power);
}

TEST_F(JudgedStale, a_policy_tightens_for_its_own_pods_only) {
  with_rule(StaleTelemetry::fail_open);
  model::PolicyObject strict = test::policy("strict", 5'000);
  strict.selector = model::LabelSelector{{{"tier", "strict"}}, {}};
  strict.on_stale = StaleTelemetry::fail_closed;
  cluster.policy(strict);
  go_stale();
  expect_feasible(judge());
  cluster.pod("pod").label("tier", "strict");
  expect_refused(judge(), Outcome::refused_now, Reason::no_power_telemetry);
}

TEST_F(JudgedStale, a_policy_with_a_shorter_age_finds_a_node_stale_earlier) {
  with_rule(StaleTelemetry::fail_closed);
  model::PolicyObject strict = test::policy("strict", 5'000);
  strict.selector = model::LabelSelector{{{"tier", "strict"}}, {}};
  strict.max_telemetry_age = Seconds(10);
  cluster.policy(strict);
  cluster.meter("n1", 300);
  cluster.books();
  cluster.advance(Seconds(11));
  expect_feasible(judge());
  cluster.pod("pod").label("tier", "strict");
  expect_refused(judge(), Outcome::refused_now, Reason::no_power_telemetry);
}

// --- heat ---------------------------------------------------------------------------------------------------------

class JudgedHeat : public Judged {
 protected:
  JudgedHeat() { limit(StaleTelemetry::assume_peak); }
  void limit(StaleTelemetry rule) {
    Topology topology = hall();
    topology.object.elements[2].max_inlet = celsius(30);
    topology.object.on_stale = rule;
    cluster.topology(topology);
  }
  void air(std::int64_t value) { cluster.advance(Seconds(1)).inlet("n1", value); }
};

TEST_F(JudgedHeat, a_rack_whose_inlet_passes_its_limit_takes_no_pod_until_it_has_cooled_by_two_degrees) {
  air(25);
  expect_feasible(judge());
  air(31);
  expect_refused(judge(), Outcome::refused_now, Reason::inlet_hot);
  expect_feasible(judge("n2"));
  air(29);
  expect_refused(judge(), Outcome::refused_now, Reason::inlet_hot);
  air(28);
  expect_feasible(judge());
}

TEST_F(JudgedHeat, a_sensor_that_went_silent_refuses_with_its_own_reason_except_under_fail_open) {
  air(25);
  judge();
  cluster.advance(Seconds(61));
  expect_refused(judge(), Outcome::refused_now, Reason::inlet_stale);
  limit(StaleTelemetry::fail_open);
  expect_feasible(judge());
}

TEST_F(JudgedHeat, under_fail_open_the_last_temperature_still_counts) {
  limit(StaleTelemetry::fail_open);
  air(31);
  judge();
  cluster.advance(Seconds(61));
  expect_refused(judge(), Outcome::refused_now, Reason::inlet_hot);
}

TEST_F(JudgedHeat, a_rack_that_never_had_a_sensor_admits_except_under_fail_closed) {
  expect_feasible(judge());
  limit(StaleTelemetry::fail_closed);
  cluster.meter("n1", 200);
  expect_refused(judge(), Outcome::refused_now, Reason::inlet_unknown);
}

TEST_F(JudgedHeat, after_a_restart_a_rack_within_two_degrees_starts_refused) {
  air(25);
  judge();
  air(29);
  expect_feasible(judge());
  cluster.restart();
  air(29);
  expect_refused(judge(), Outcome::refused_now, Reason::inlet_hot);
  for (int i = 0; i < 31; ++i) {
    cluster.advance(Seconds(10)).inlet("n1", 29);
    cluster.books();
  }
  expect_feasible(judge());
}

TEST_F(JudgedHeat, a_policys_inlet_limit_binds_its_own_pods_only) {
  model::PolicyObject cool = test::policy("cool", 5'000);
  cool.selector = model::LabelSelector{{{"tier", "cool"}}, {}};
  cool.rack_constraints = {{"r1", {}, celsius(24)}};
  cluster.policy(cool);
  air(20);
  judge();
  air(25);
  expect_feasible(judge());
  cluster.pod("pod").label("tier", "cool");
  expect_refused(judge(), Outcome::refused_now, Reason::rack_policy_inlet);
}

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

// --- nodes by value -----------------------------------------------------------------------------------------------

class JudgedByValue : public Judged {
 protected:
  model::Node template_node(const std::string& rack) {
    model::Node node;
    node.name = "template-node-for-group";
    node.cpu_millis = 32'000;
    if (!rack.empty()) node.labels = {{std::string(base::names::kDefaultRackLabel), rack}};
    return node;
  }
};

TEST_F(JudgedByValue, a_known_node_gets_the_same_decision_in_both_forms) {
  cluster.pod("a").on("n1").watts(800);
  model::Node sent = template_node("r2");
  sent.name = "n1";
  EXPECT_EQ(judge(sent), judge("n1"));
  const auto books = cluster.books();
  Judge judge(*books, *ledger.view(), cluster.pod_value("pod"));
  EXPECT_EQ(judge.score(sent), judge.score("n1"));
}

TEST_F(JudgedByValue, a_template_node_brings_its_idle_watts_into_the_rack_its_label_names) {
  cluster.pod("a").on("n1").watts(900);
  const Verdict verdict = judge(template_node("r1"));
  expect_feasible(verdict);
  EXPECT_EQ(verdict.demand, watts(400));
  Topology topology = hall();
  topology.object.elements[2].rated = watts(1'399);
  cluster.topology(topology);
  expect_refused(judge(template_node("r1")), Outcome::refused_now, Reason::element_power);
}

TEST_F(JudgedByValue, a_template_node_draws_no_more_than_its_class_says) {
  cluster.pod("pod").watts(100'000);
  EXPECT_EQ(judge(template_node("r1")).demand, watts(1'000));
}

TEST_F(JudgedByValue, a_template_node_outside_the_topology_is_treated_as_any_node_outside) {
  expect_feasible(judge(template_node("unheard")));
  Topology closed = hall();
  closed.object.nodes_outside = model::OutsideNodes::refuse;
  cluster.topology(closed);
  EXPECT_EQ(judge(template_node("unheard")).reason, Reason::node_outside_topology);
  EXPECT_EQ(judge(template_node("")).reason, Reason::node_outside_topology);
}

TEST_F(JudgedByValue, fail_closed_refuses_a_node_that_nobody_measures) {
  Topology topology = hall();
  topology.object.on_stale = StaleTelemetry::fail_closed;
  cluster.topology(topology);
  EXPECT_EQ(judge(template_node("r1")).reason, Reason::no_power_telemetry);
}

TEST_F(JudgedByValue, while_an_unreadable_object_may_name_any_rack_unnamed_racks_are_refused) {
  cluster.unreadable_topology("newer");
  EXPECT_EQ(judge(template_node("unheard")).reason, Reason::topology_invalid);
  expect_feasible(judge("n1"));
}

// --- scores -------------------------------------------------------------------------------------------------------

TEST_F(Judged, the_rack_with_more_watts_free_gets_the_higher_score) {
  cluster.meter("n1", 700);
  cluster.meter("n2", 100);
  EXPECT_LT(score("n1"), score("n2"));
}

TEST_F(Judged, the_worst_element_on_the_path_decides) {
  Topology topology = hall();
  topology.object.elements[0].rated = watts(700);
  cluster.topology(topology);
  // The feed holds 200 W and would hold 500 W of 700 W, however empty the rack is.
  EXPECT_EQ(score("n1"), score_of({200.0 / 700, 1}));
}

TEST_F(Judged, rank_follows_measured_watts_and_not_the_books) {
  cluster.pod("booked").on("n1").watts(700).started(kStart);
  cluster.advance(Seconds(100));
  cluster.meter("n1", 150);
  cluster.meter("n2", 600);
  EXPECT_GT(score("n1"), score("n2"));
}

TEST_F(Judged, cooler_air_decides_between_equal_racks) {
  Topology topology = hall();
  topology.object.elements[2].max_inlet = celsius(30);
  topology.object.elements[3].max_inlet = celsius(30);
  cluster.topology(topology);
  cluster.inlet("n1", 27);
  cluster.inlet("n2", 19);
  EXPECT_LT(score("n1"), score("n2"));
}

TEST_F(Judged, what_is_in_flight_lowers_the_score) {
  const int before = score("n1");
  reserve("first", "n1", 800);
  EXPECT_LT(score("n1"), before);
}

TEST_F(Judged, nodes_outside_an_existing_topology_score_nothing) {
  cluster.node("stray", "unheard");
  cluster.node("bare");
  EXPECT_EQ(score("stray"), 0);
  EXPECT_EQ(score("bare"), 0);
}

TEST(Score, without_any_limit_a_nodes_own_headroom_decides) {
  ClusterBuilder cluster;
  cluster.node("busy");
  cluster.node("idle");
  cluster.meter("busy", 300);
  cluster.meter("idle", 60);
  cluster.pod("pod").watts(20);
  const auto books = cluster.books();
  const LedgerView nothing;
  Judge judge(*books, nothing, cluster.pod_value("pod"));
  EXPECT_LT(judge.score("busy"), judge.score("idle"));
  EXPECT_GT(judge.score("busy"), 0);
}

TEST(Score, without_any_limit_the_racks_mean_decides_between_equal_nodes) {
  ClusterBuilder cluster;
  for (const char* node : {"a1", "a2", "a3"}) cluster.node(node, "a");
  for (const char* node : {"b1", "b2", "b3"}) cluster.node(node, "b");
  for (const char* node : {"a1", "b1"}) cluster.meter(node, 70);
  for (const char* node : {"a2", "a3"}) cluster.meter(node, 430);
  for (const char* node : {"b2", "b3"}) cluster.meter(node, 10);
  cluster.pod("pod").watts(20);
  const auto books = cluster.books();
  const LedgerView nothing;
  Judge judge(*books, nothing, cluster.pod_value("pod"));
  EXPECT_LT(judge.score("a1"), judge.score("b1"));
}

TEST(Score, a_policys_rack_limit_is_part_of_the_path) {
  ClusterBuilder cluster;
  model::PolicyObject policy = test::policy("gold", 5'000);
  policy.rack_constraints = {{"r1", watts(500), {}}};
  cluster.policy(policy);
  cluster.node("n1", "r1");
  cluster.meter("n1", 300);
  cluster.pod("pod").watts(100);
  const auto books = cluster.books();
  const LedgerView nothing;
  EXPECT_EQ(Judge(*books, nothing, cluster.pod_value("pod")).score("n1"), score_of({0.2, 1}));
}

// --- reasons ------------------------------------------------------------------------------------------------------

TEST(Reasons, each_has_its_own_code_and_text_without_names_or_numbers) {
  std::set<std::string_view> codes;
  std::set<std::string_view> messages;
  for (std::size_t i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    const ReasonText& text = text_of(reason);
    EXPECT_EQ(text.reason, reason);
    EXPECT_TRUE(codes.insert(text.code).second) << text.code;
    EXPECT_TRUE(messages.insert(text.message).second) << text.message;
    EXPECT_EQ(text.message.find_first_of("0123456789%"), std::string_view::npos) << text.message;
    EXPECT_EQ(text.code.empty(), reason == Reason::none);
  }
}

}  // namespace
}  // namespace headroom::scoring
