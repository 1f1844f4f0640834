// Semantics §1 and §4: missing telemetry and heat.
#include "test/unit/scoring/judge_fixture.h"

namespace headroom::scoring {
namespace {

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

}  // namespace
}  // namespace headroom::scoring
