// The chain from an order to a limit read back, on hardware in memory.
#include "rapl-agent/core/agent.h"

#include <gtest/gtest.h>

#include "test/support/table.h"
#include "test/unit/rapl-agent/core/agent_world.h"

namespace headroom::rapl_agent::core::test {
namespace {

AgentWorld two_packages() {
  AgentWorld world;
  world.hardware.add_package(0);
  world.hardware.add_package(1);
  return world;
}

TEST(Agent, an_order_becomes_limits_that_are_read_back) {
  AgentWorld world = two_packages();
  CapOrder order = order_of(1, watts(250));
  order.spec.reserve = watts(50);
  world.settle_under(order);
  EXPECT_EQ(world.report().state, AgentState::active);
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
  EXPECT_EQ(world.hardware.limit("rapl/package-1"), watts(100));
  EXPECT_EQ(world.hardware.at("rapl/package-0", Field::short_term_limit).value, 110'000'000u);
  EXPECT_EQ(world.domain("rapl/package-0").enforced, watts(100));
  EXPECT_EQ(world.report().observed, order.id());
  EXPECT_EQ(world.report().applied, watts(250));
}

TEST(Agent, an_ack_waits_for_the_averaging_window_and_so_does_what_is_reported_as_applied) {
  AgentWorld world = two_packages();
  world.hardware.at("rapl/package-0", Field::long_term_window).value = 28'000'000;
  world.settle_under(order_of(1, watts(1'000)), Seconds(5));
  world.give(order_of(2, watts(200)));
  world.run(Seconds(27));
  EXPECT_EQ(world.domain("rapl/package-0").enforced, watts(100));
  EXPECT_EQ(world.report().observed, order_of(1, {}).id()) << "it may still draw what it was allowed before";
  EXPECT_EQ(world.report().applied, watts(225));
  world.run(Seconds(3));
  EXPECT_EQ(world.report().observed, order_of(2, {}).id());
  EXPECT_EQ(world.report().applied, watts(200));
}

TEST(Agent, raises_go_up_by_a_tenth_of_the_ceiling_a_second_at_most) {
  AgentWorld world = two_packages();
  world.settle_under(order_of(1, watts(120)));
  world.give(order_of(2, watts(1'000)));
  base::Power last = world.hardware.limit("rapl/package-0");
  for (int second = 0; second < 12; ++second) {
    world.run(Seconds(1));
    const base::Power now = world.hardware.limit("rapl/package-0");
    EXPECT_LE(now - last, base::microwatts(25'250'000)) << "two seconds' worth every two seconds";
    last = now;
  }
  EXPECT_EQ(last, watts(125));
}

TEST(Agent, a_silent_controller_raises_nothing_and_falls_back_after_the_grace_time) {
  AgentWorld world = two_packages();
  CapOrder order = order_of(1, watts(200));
  order.spec.fallback = watts(150);
  world.settle_under(order);
  world.run_silent(Seconds(290));
  EXPECT_EQ(world.report().state, AgentState::holding);
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
  world.run_silent(Seconds(10));
  EXPECT_EQ(world.report().state, AgentState::safe);
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(75));
  world.run(Seconds(30));
  EXPECT_EQ(world.report().state, AgentState::active);
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
}

TEST(Agent, a_restarted_agent_without_a_controller_keeps_the_caps) {
  AgentWorld world = two_packages();
  world.settle_under(order_of(1, watts(200)));
  world.inbox.view = {};
  world.restart();
  world.run_silent(Seconds(60));
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
  EXPECT_EQ(world.report().state, AgentState::holding);
}

TEST(Agent, lowers_come_before_raises) {
  AgentWorld world = two_packages();
  world.hardware.draw("rapl/package-0", watts(110));
  world.hardware.draw("rapl/package-1", watts(40));
  bool over = false;
  world.hardware.after_write = [&](const Write&) {
    over = over || world.hardware.limit("rapl/package-0") + world.hardware.limit("rapl/package-1") > watts(201);
  };
  world.settle_under(order_of(1, watts(200)), Seconds(90));
  over = false;
  world.hardware.draw("rapl/package-0", watts(40));
  world.hardware.draw("rapl/package-1", watts(70));
  world.run(Seconds(120));
  EXPECT_GT(world.hardware.limit("rapl/package-1"), watts(105)) << "the load moved and the watts with it";
  EXPECT_FALSE(over);
}

TEST(Agent, the_reserve_is_the_larger_of_the_orders_and_the_meters) {
  AgentWorld world = two_packages();
  Domain meter;
  meter.id = "rapl/psys";
  meter.kind = DomainKind::node_meter;
  meter.meter = {false, true, false, {}};
  world.hardware.domains.push_back(meter);
  world.hardware.draw("rapl/psys", watts(160));  // 40 W beside the packages
  CapOrder order = order_of(1, watts(242));
  order.spec.reserve = watts(10);
  world.settle_under(order, Seconds(60));
  EXPECT_EQ(world.report().reserve, watts(42));
  EXPECT_EQ(world.report().reserve_basis, "meter");
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
}

TEST(Agent, dies_of_a_package_share_its_explicit_cap) {
  AgentWorld world = two_packages();
  for (Domain& domain : world.hardware.domains) domain.group = "package-0";
  CapOrder order = order_of(1, std::nullopt);
  order.spec.cpu_package = watts(180);
  world.settle_under(order);
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(90));
  EXPECT_EQ(world.hardware.limit("rapl/package-1"), watts(90));
}

TEST(Agent, an_order_shapes_PL2_and_the_window_and_a_release_puts_both_back) {
  AgentWorld world = two_packages();
  CapOrder order = order_of(1, watts(200));
  order.spec.short_term_percent = 130;
  order.spec.time_window = Milliseconds(250);
  world.settle_under(order);
  EXPECT_EQ(world.hardware.at("rapl/package-0", Field::short_term_limit).value, 130'000'000u);
  EXPECT_EQ(world.hardware.at("rapl/package-0", Field::long_term_window).value, 250'000u);
  order.spec.stamp.sequence = 2;
  order.spec.release = true;
  world.settle_under(order);
  EXPECT_EQ(world.hardware.at("rapl/package-0", Field::short_term_limit).value, 150'000'000u);
  EXPECT_EQ(world.hardware.at("rapl/package-0", Field::long_term_window).value, 999'424u);
  EXPECT_EQ(world.report().state, AgentState::releasing);
  EXPECT_EQ(world.report().observed, order.id());
}

TEST(Agent, steady_load_writes_nothing_once_settled) {
  AgentWorld world = two_packages();
  world.settle_under(order_of(1, watts(200)), Seconds(120));
  const auto writes = world.hardware.writes.size();
  world.run(Seconds(300));
  EXPECT_EQ(world.hardware.writes.size(), writes);
}

TEST(Agent, intents_are_in_the_journal_before_the_write) {
  AgentWorld world = two_packages();
  bool announced = true;
  world.hardware.after_write = [&](const Write& write) {
    const auto& controls = world.journal.state.controls;
    announced = announced && std::any_of(controls.begin(), controls.end(), [&](const JournalControl& control) {
                  return control.key == write.key && control.pending == write.value && control.original;
                });
  };
  world.settle_under(order_of(1, watts(200)));
  EXPECT_FALSE(world.hardware.writes.empty());
  EXPECT_TRUE(announced);
}

TEST(Agent, clocks_are_touched_only_by_the_operators_word_and_given_back) {
  AgentWorld world = two_packages();
  Domain clock;
  clock.id = "cpufreq/policy0";
  clock.kind = DomainKind::frequency;
  Control control;
  control.surface = Surface::cpufreq;
  control.fields = {Field::max_frequency};
  clock.controls = {control};
  world.hardware.domains.push_back(clock);
  auto& frequency = world.hardware.at(clock.id, Field::max_frequency, Surface::cpufreq);
  frequency = {3'600'000, 100'000};
  world.settle_under(order_of(1, watts(200)));
  EXPECT_EQ(frequency.value, 3'600'000u);
  world.settings.clock_limits[clock.id] = 2'050'000;
  world.restart();
  world.run(Seconds(5));
  EXPECT_EQ(frequency.value, 2'000'000u);
  CapOrder release = order_of(2, watts(200));
  release.spec.release = true;
  world.settle_under(release);
  EXPECT_EQ(frequency.value, 3'600'000u);
}

TEST(Agent, a_clock_is_limited_by_the_word_for_its_kind_also_where_nothing_can_be_capped) {
  AgentWorld world;
  for (const char* id : {"cpufreq/policy0", "cpufreq/policy1"}) {
    Domain clock;
    clock.id = id;
    clock.kind = DomainKind::frequency;
    Control control;
    control.surface = Surface::cpufreq;
    control.fields = {Field::max_frequency};
    clock.controls = {control};
    world.hardware.domains.push_back(clock);
    world.hardware.at(id, Field::max_frequency, Surface::cpufreq) = {3'600'000, 100'000};
  }
  world.settings.clock_limits["cpufreq"] = 2'400'000;
  world.settings.clock_limits["cpufreq/policy1"] = 2'000'000;
  world.settle_under(order_of(1, watts(200)));
  EXPECT_EQ(world.hardware.at("cpufreq/policy0", Field::max_frequency, Surface::cpufreq).value, 2'400'000u);
  EXPECT_EQ(world.hardware.at("cpufreq/policy1", Field::max_frequency, Surface::cpufreq).value, 2'000'000u);
  world.settings.clock_limits.clear();
  world.restart();
  world.run(Seconds(5));
  EXPECT_EQ(world.hardware.at("cpufreq/policy0", Field::max_frequency, Surface::cpufreq).value, 3'600'000u)
      << "the journal knows whose limit that was";
}

TEST(Agent, a_paused_cluster_is_lowered_and_not_raised) {
  AgentWorld world = two_packages();
  world.settle_under(order_of(1, watts(200)));
  world.inbox.view.paused = true;
  world.settle_under(order_of(2, watts(240)), Seconds(30));
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
  EXPECT_TRUE(world.report().paused);
  EXPECT_EQ(world.report().state, AgentState::holding);
  world.settle_under(order_of(3, watts(160)), Seconds(5));
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(80));
  EXPECT_EQ(world.report().observed, order_of(3, {}).id());
  world.inbox.view.paused = false;
  world.settle_under(order_of(4, watts(200)), Seconds(30));
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
}

TEST(Agent, an_order_is_read_back_before_it_is_settled) {
  AgentWorld world = two_packages();
  world.hardware.at("rapl/package-0", Field::long_term_window).value = 28'000'000;
  world.settle_under(order_of(1, watts(1'000)), Seconds(5));
  world.give(order_of(2, watts(200)));
  world.run(Seconds(2));
  EXPECT_EQ(world.report().read_back, order_of(2, {}).id());
  EXPECT_EQ(world.report().observed, order_of(1, {}).id());
}

TEST(Agent, a_window_that_the_next_order_does_not_have_goes_back_to_what_it_was) {
  AgentWorld world = two_packages();
  CapOrder order = order_of(1, watts(200));
  order.spec.time_window = Milliseconds(250);
  world.settle_under(order);
  ASSERT_EQ(world.hardware.at("rapl/package-0", Field::long_term_window).value, 250'000u);
  world.hardware.at("rapl/package-1", Field::long_term_window).value = 2'000'000;  // somebody else's since
  world.settle_under(order_of(2, watts(200)));
  EXPECT_EQ(world.hardware.at("rapl/package-0", Field::long_term_window).value, 999'424u);
  EXPECT_EQ(world.hardware.at("rapl/package-1", Field::long_term_window).value, 2'000'000u);
}

TEST(Agent, PL2_that_is_to_be_left_alone_stays_and_what_was_set_before_goes_back) {
  AgentWorld world = two_packages();
  world.settle_under(order_of(1, watts(200)));
  ASSERT_EQ(world.hardware.at("rapl/package-0", Field::short_term_limit).value, 110'000'000u);
  world.settings.pl2 = Pl2Policy::leave;
  world.restart();
  world.run(Seconds(10));
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
  EXPECT_EQ(world.hardware.at("rapl/package-0", Field::short_term_limit).value, 150'000'000u);
  world.hardware.at("rapl/package-0", Field::short_term_limit).value = 140'000'000;
  world.settle_under(order_of(2, watts(160)));
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(80));
  EXPECT_EQ(world.hardware.at("rapl/package-0", Field::short_term_limit).value, 140'000'000u) << "not ours any more";
}

// Order 1: 200 W with a fallback of 150 W, in force on two packages.
struct ExitRow {
  const char* name;
  OnExit on_exit;
  bool paused;
  std::int64_t first;   // W of package 0 afterwards
  std::int64_t second;  // of package 1, whose limit somebody else has set to 90 W
};
void PrintTo(const ExitRow& row, std::ostream* out) {
  *out << row.name;
}
class OnExitTest : public testing::TestWithParam<ExitRow> {};

TEST_P(OnExitTest, leaves_what_the_operator_wants) {
  AgentWorld world = two_packages();
  world.settings.on_exit = GetParam().on_exit;
  CapOrder order = order_of(1, watts(200));
  order.spec.fallback = watts(150);
  world.inbox.view.paused = GetParam().paused;
  world.settle_under(order);
  world.hardware.at("rapl/package-1", Field::long_term_limit).value = 90'000'000;
  world.agent->stop(world.now + Milliseconds(10));
  EXPECT_EQ(world.report().state, AgentState::stopping);
  EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(GetParam().first));
  EXPECT_EQ(world.hardware.limit("rapl/package-1"), watts(GetParam().second));
  base::Power charged;
  for (const auto& domain : world.report().domains) charged += domain.charged;
  EXPECT_GE(charged, watts(GetParam().first + GetParam().second)) << "the last report counts what may be drawn now";
}

INSTANTIATE_TEST_SUITE_P(
    Table, OnExitTest,
    testing::Values(ExitRow{"hold leaves caps as they are", OnExit::hold, false, 100, 90},
                    ExitRow{"restore gives back what nobody else changed", OnExit::restore, false, 125, 90},
                    ExitRow{"restore waits while the cluster is paused", OnExit::restore, true, 100, 90},
                    ExitRow{"fallback lowers to it", OnExit::fallback, false, 75, 75},
                    ExitRow{"fallback lowers while the cluster is paused as well", OnExit::fallback, true, 75, 75}),
    headroom::test::RowName());

TEST(Agent, a_fallback_on_exit_above_the_budget_and_an_unknown_one_change_nothing) {
  for (const auto fallback : {std::optional(watts(230)), std::optional<base::Power>()}) {
    AgentWorld world = two_packages();
    world.settings.on_exit = OnExit::fallback;
    CapOrder order = order_of(1, watts(200));
    order.spec.fallback = fallback;
    world.settle_under(order);
    world.agent->stop(world.now);
    EXPECT_EQ(world.hardware.limit("rapl/package-0"), watts(100));
  }
}

TEST(Agent, one_that_only_observes_changes_nothing_on_exit) {
  AgentWorld world = two_packages();
  world.settings.mode = AgentMode::observe;
  world.settings.on_exit = OnExit::restore;
  world.settle_under(order_of(1, watts(200)));
  world.agent->stop(world.now);
  EXPECT_TRUE(world.hardware.writes.empty());
}

TEST(Agent, a_node_without_hardware_observes_and_stays_up) {
  AgentWorld world;
  world.settle_under(order_of(1, watts(200)));
  EXPECT_EQ(world.report().state, AgentState::observe);
  EXPECT_FALSE(world.report().observed);
}

}  // namespace
}  // namespace headroom::rapl_agent::core::test
