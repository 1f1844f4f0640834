// The state machine: what it does with orders, silence, brakes and clocks.
#include "rapl-agent/core/governor.h"

#include <gtest/gtest.h>

#include "test/unit/rapl-agent/core/agent_world.h"

namespace headroom::rapl_agent::core::test {
namespace {

class GovernorTest : public testing::Test {
 protected:
  GovernorTest() {
    settings_.mode = AgentMode::enforce;
    recovered_.state.boot_id = "boot-1";
  }

  Governor& governor() {
    if (!governor_) governor_.emplace(settings_, recovered_, now_);
    return *governor_;
  }
  Aim step() { return governor().step(view_, facts_, now_); }
  // The controller renews every 5 s; without it only time passes.
  Aim live(Seconds length) {
    Aim aim;
    for (Seconds passed{0}; passed < length; passed += Seconds(5)) {
      beat();
      aim = step();
      now_ += Seconds(5);
    }
    beat();
    return step();
  }
  Aim silence(Milliseconds length) {
    now_ += length;
    return step();
  }
  void beat() { view_.heartbeat = view_.heartbeat.value_or(base::WallTime(Seconds(1'800'000'000))) + Seconds(5); }
  void give(const CapOrder& order) {
    view_.presence = CapView::Presence::present;
    view_.order = order;
  }
  // An order of 400 W with a fallback of 300 W, and a controller that is alive.
  void active() {
    CapOrder order = order_of(1, watts(400));
    order.spec.fallback = watts(300);
    give(order);
    ASSERT_EQ(live(Seconds(10)).state, AgentState::active);
  }

  AgentSettings settings_;
  Recovered recovered_;
  CapView view_;
  Governor::Facts facts_{true, std::nullopt};
  base::MonoTime now_{Seconds(1'000)};
  std::optional<Governor> governor_;
};

class GovernorFaults : public GovernorTest {};

TEST_F(GovernorTest, a_living_controller_with_an_order_is_active) {
  active();
  const Aim aim = step();
  EXPECT_EQ(aim.budget, watts(400));
  EXPECT_EQ(aim.budget_source, "order");
  EXPECT_TRUE(aim.raises);
}

TEST_F(GovernorTest, a_renew_time_counts_only_once_it_was_seen_to_change) {
  give(order_of(1, watts(400)));
  beat();
  EXPECT_EQ(step().state, AgentState::holding) << "the first one seen may be hours old";
  now_ += Seconds(5);
  EXPECT_EQ(step().state, AgentState::holding);
  beat();
  EXPECT_EQ(step().state, AgentState::active);
}

TEST_F(GovernorFaults, Fault_controller_unreachable_below_the_ttl_changes_nothing) {
  active();
  const Aim before = step();
  const Aim after = silence(settings_.timing.heartbeat_ttl - Milliseconds(1));
  EXPECT_EQ(after.state, AgentState::active);
  EXPECT_EQ(after.budget, before.budget);
  EXPECT_TRUE(after.raises);
}

TEST_F(GovernorFaults, Fault_ttl_expired_holds_without_raises) {
  active();
  const Aim aim = silence(settings_.timing.heartbeat_ttl);
  EXPECT_EQ(aim.state, AgentState::holding);
  EXPECT_EQ(aim.budget, watts(400));
  EXPECT_FALSE(aim.raises);
}

TEST_F(GovernorFaults, Fault_grace_expired_takes_the_smaller_of_budget_and_fallback) {
  active();
  EXPECT_EQ(silence(settings_.timing.grace - Milliseconds(1)).state, AgentState::holding);
  const Aim aim = silence(Milliseconds(1));
  EXPECT_EQ(aim.state, AgentState::safe);
  EXPECT_EQ(aim.budget, watts(300));
  EXPECT_FALSE(aim.raises);
  EXPECT_EQ(governor().failsafe().size(), 2u) << "Holding and Safe are counted once each";
}

TEST_F(GovernorFaults, Fault_grace_expired_never_takes_a_fallback_above_the_budget) {
  CapOrder order = order_of(1, watts(200));
  order.spec.fallback = watts(300);
  give(order);
  live(Seconds(10));
  const Aim aim = silence(settings_.timing.grace);
  EXPECT_EQ(aim.state, AgentState::safe);
  EXPECT_EQ(aim.budget, watts(200));
}

TEST_F(GovernorFaults, Fault_controller_back_is_active_again_after_its_jitter) {
  settings_.jitter = base::percent(50);
  active();
  silence(settings_.timing.grace);
  now_ += Seconds(5);
  beat();
  Aim aim = step();
  EXPECT_EQ(aim.state, AgentState::active);
  EXPECT_EQ(aim.budget, watts(400));
  EXPECT_FALSE(aim.raises) << "not all nodes at once";
  now_ += settings_.timing.jitter / 2;
  EXPECT_TRUE(step().raises);
}

TEST_F(GovernorFaults, Fault_stale_leader_is_refused) {
  give(order_of(5, watts(400)));
  live(Seconds(10));
  CapOrder stale = order_of(9, watts(900));
  stale.spec.stamp.epoch = 0;
  give(stale);
  EXPECT_EQ(step().budget, watts(400));
  give(order_of(4, watts(900)));
  EXPECT_EQ(step().budget, watts(400));
  step();
  EXPECT_EQ(governor().refused_orders(), 2u) << "each counts once, however often it is seen";
  EXPECT_FALSE(governor().order_problem().empty());
  give(order_of(6, watts(380)));
  EXPECT_EQ(step().budget, watts(380));
  EXPECT_TRUE(governor().order_problem().empty());
}

TEST_F(GovernorTest, a_recreated_object_begins_anew) {
  give(order_of(50, watts(400)));
  live(Seconds(10));
  CapOrder recreated = order_of(1, watts(350));
  recreated.uid = "npc-2";
  give(recreated);
  EXPECT_EQ(step().budget, watts(350));
}

TEST_F(GovernorFaults, Fault_nan_inf_negative_budget_keeps_the_last_one) {
  active();
  std::int64_t sequence = 1;
  for (const base::Power wrong : {watts(0), watts(-5), base::microwatts(INT64_MAX)}) {
    CapOrder order = order_of(++sequence, wrong);
    give(order);
    EXPECT_EQ(step().budget, watts(400));
    EXPECT_NE(governor().order_problem().find("budgetWatts"), std::string::npos);
  }
}

TEST_F(GovernorTest, an_order_that_cannot_be_read_keeps_the_last_one_and_says_why) {
  active();
  view_.order.reset();
  view_.unreadable = "spec.budgetWatts: must be a number";
  const Aim aim = step();
  EXPECT_EQ(aim.state, AgentState::active);
  EXPECT_EQ(aim.budget, watts(400));
  EXPECT_EQ(governor().order_problem(), "spec.budgetWatts: must be a number");
}

TEST_F(GovernorTest, a_deleted_order_is_silence_and_never_a_release) {
  active();
  view_.presence = CapView::Presence::absent;
  view_.order.reset();
  Aim aim = live(Seconds(10));
  EXPECT_EQ(aim.state, AgentState::holding) << "though the controller lives";
  EXPECT_EQ(aim.budget, watts(400));
  aim = live(Seconds(300));
  EXPECT_EQ(aim.state, AgentState::safe);
  EXPECT_EQ(aim.budget, watts(300));
  EXPECT_FALSE(aim.release);
}

// Only differences of the heartbeat to itself and CLOCK_BOOTTIME count; the wall clock of this node is never asked.
TEST_F(GovernorFaults, Fault_clock_jump_of_the_controllers_clock_is_still_a_sign_of_life) {
  active();
  for (const auto jump : {std::chrono::hours(24), std::chrono::hours(-48)}) {
    now_ += Seconds(5);
    view_.heartbeat = *view_.heartbeat + jump;
    EXPECT_EQ(step().state, AgentState::active);
  }
}

TEST_F(GovernorFaults, Fault_suspend_counts_the_time_asleep) {
  active();
  EXPECT_EQ(silence(Seconds(3'600)).state, AgentState::safe) << "CLOCK_BOOTTIME went on";
}

TEST_F(GovernorTest, a_restarted_agent_goes_on_where_the_journal_ended) {
  recovered_.kind = Recovered::Kind::same_boot;
  recovered_.state.order = order_of(7, watts(400));
  recovered_.state.order->spec.fallback = watts(300);
  recovered_.state.heartbeat = base::WallTime(Seconds(1'800'000'000));
  recovered_.state.heartbeat_seen = now_ - Seconds(200);
  EXPECT_EQ(step().state, AgentState::holding);
  EXPECT_EQ(step().budget, watts(400));
  EXPECT_EQ(silence(Seconds(100)).state, AgentState::safe) << "the grace time began before the restart";
}

TEST_F(GovernorTest, a_rebooted_node_holds_its_last_order_and_trusts_no_moment_of_the_last_boot) {
  recovered_.kind = Recovered::Kind::rebooted;
  recovered_.state.order = order_of(7, watts(400));
  recovered_.state.heartbeat_seen = now_ - Seconds(290);
  const Aim aim = step();
  EXPECT_EQ(aim.state, AgentState::holding);
  EXPECT_EQ(aim.budget, watts(400));
  EXPECT_EQ(silence(Seconds(20)).state, AgentState::holding);
}

TEST_F(GovernorTest, a_new_node_without_an_order_uses_the_local_fallback_after_the_grace_time) {
  settings_.fallback = watts(250);
  EXPECT_FALSE(step().budget);
  EXPECT_EQ(step().state, AgentState::holding);
  const Aim aim = silence(settings_.timing.grace);
  EXPECT_EQ(aim.state, AgentState::safe);
  EXPECT_EQ(aim.budget, watts(250));
  EXPECT_EQ(aim.budget_source, "local");
}

TEST_F(GovernorTest, the_orders_fallback_wins_over_the_local_one) {
  settings_.fallback = watts(250);
  active();
  EXPECT_EQ(silence(settings_.timing.grace).budget, watts(300));
}

TEST_F(GovernorTest, a_brake_lasts_by_the_controllers_clock_counted_on_ours) {
  active();
  CapOrder order = order_of(2, watts(400));
  order.spec.brake_until = *view_.heartbeat + Seconds(12);
  give(order);
  EXPECT_EQ(step().state, AgentState::emergency);
  EXPECT_TRUE(step().floors);
  EXPECT_EQ(silence(Milliseconds(11'999)).state, AgentState::emergency);
  beat();
  const Aim after = silence(Milliseconds(1));
  EXPECT_EQ(after.state, AgentState::holding) << "not straight back";
  EXPECT_FALSE(after.raises);
  EXPECT_EQ(live(Seconds(15)).state, AgentState::active);
}

TEST_F(GovernorTest, a_brake_that_ended_before_the_last_heartbeat_is_over) {
  beat();
  CapOrder order = order_of(1, watts(400));
  order.spec.brake_until = *view_.heartbeat - Seconds(3'600);
  give(order);
  EXPECT_NE(step().state, AgentState::emergency);
}

TEST_F(GovernorTest, draw_above_the_hard_limit_brakes_after_two_seconds_and_ends_when_it_stayed_below) {
  active();
  CapOrder order = order_of(2, watts(400));
  order.spec.hard_limit = watts(450);
  give(order);
  facts_.node_power = watts(460);
  EXPECT_EQ(step().state, AgentState::active);
  now_ += Milliseconds(1'999);
  EXPECT_EQ(step().state, AgentState::active);
  now_ += Milliseconds(1);
  EXPECT_EQ(step().state, AgentState::emergency);
  facts_.node_power = watts(300);
  now_ += Seconds(1);
  EXPECT_EQ(step().state, AgentState::emergency);
  facts_.node_power.reset();
  EXPECT_EQ(silence(Seconds(2)).state, AgentState::emergency) << "a silent meter ends nothing";
  facts_.node_power = watts(300);
  EXPECT_EQ(live(Seconds(25)).state, AgentState::active);
}

TEST_F(GovernorTest, a_short_peak_does_not_brake) {
  active();
  CapOrder order = order_of(2, watts(400));
  order.spec.hard_limit = watts(450);
  give(order);
  for (int i = 0; i < 10; ++i) {
    facts_.node_power = i % 2 == 0 ? watts(900) : watts(440);
    now_ += Milliseconds(1'500);
    EXPECT_NE(step().state, AgentState::emergency);
  }
}

TEST_F(GovernorTest, without_hardware_or_right_to_write_it_observes) {
  facts_.hardware = false;
  give(order_of(1, watts(400)));
  EXPECT_EQ(live(Seconds(10)).state, AgentState::observe);
}

TEST_F(GovernorTest, a_paused_cluster_holds_and_raises_nothing_while_orders_still_lower) {
  active();
  view_.paused = true;
  Aim aim = live(Seconds(5));
  EXPECT_EQ(aim.state, AgentState::holding);
  EXPECT_EQ(aim.reason, "the cluster is paused");
  EXPECT_FALSE(aim.raises);
  EXPECT_TRUE(governor().paused());
  give(order_of(2, watts(300)));
  EXPECT_EQ(live(Seconds(5)).budget, watts(300));
}

TEST_F(GovernorTest, a_pause_gives_nothing_back_and_neither_stops_a_brake_nor_the_fallback) {
  active();
  view_.paused = true;
  CapOrder order = order_of(2, watts(400));
  order.spec.fallback = watts(300);
  order.spec.release = true;
  give(order);
  Aim aim = live(Seconds(5));
  EXPECT_FALSE(aim.release);
  EXPECT_EQ(aim.state, AgentState::holding);
  order.spec.stamp.sequence = 3;
  order.spec.release = false;
  order.spec.brake_until = *view_.heartbeat + Seconds(30);
  give(order);
  EXPECT_EQ(live(Seconds(5)).state, AgentState::emergency);
  live(Seconds(60));
  aim = silence(settings_.timing.grace);
  EXPECT_EQ(aim.state, AgentState::safe);
  EXPECT_EQ(aim.budget, watts(300));
}

TEST_F(GovernorTest, the_end_of_a_pause_lets_nodes_raise_one_after_the_other) {
  settings_.jitter = base::percent(50);
  active();
  view_.paused = true;
  live(Seconds(5));
  view_.paused = false;
  beat();
  Aim aim = step();
  EXPECT_EQ(aim.state, AgentState::active);
  EXPECT_FALSE(aim.raises);
  now_ += settings_.timing.jitter / 2;
  EXPECT_TRUE(step().raises);
}

TEST_F(GovernorTest, the_lease_says_how_long_until_the_next_state) {
  active();
  EXPECT_EQ(governor().lease_remaining(now_), base::Microseconds(settings_.timing.heartbeat_ttl));
  silence(Seconds(50));
  EXPECT_EQ(governor().lease_remaining(now_), base::Microseconds(Seconds(250)));
}

}  // namespace
}  // namespace headroom::rapl_agent::core::test
