// The rows of the fault matrix that need no more than the loop and hardware in memory.
#include <gtest/gtest.h>

#include "test/unit/rapl-agent/core/agent_world.h"

namespace headroom::rapl_agent::core::test {
namespace {

constexpr const char* kP0 = "rapl/package-0";
constexpr const char* kP1 = "rapl/package-1";
constexpr std::uint64_t W = 1'000'000;

class AgentFaults : public testing::Test {
 protected:
  AgentFaults() {
    world.hardware.add_package(0);
    world.hardware.add_package(1);
  }
  MemoryHardware::Register& pl1(const std::string& id) { return world.hardware.at(id, Field::long_term_limit); }
  [[nodiscard]] std::uint64_t writes_of(const ControlKey& key) const {
    return static_cast<std::uint64_t>(std::count_if(world.hardware.writes.begin(), world.hardware.writes.end(),
                                                    [&](const Write& write) { return write.key == key; }));
  }
  [[nodiscard]] base::Power sum() { return world.hardware.limit(kP0) + world.hardware.limit(kP1); }
  // 250 W for the node of which 50 W are beside the packages.
  static CapOrder order(std::int64_t sequence, int budget) {
    CapOrder given = order_of(sequence, watts(budget));
    given.spec.reserve = watts(50);
    return given;
  }
  [[nodiscard]] bool noticed(const std::string& reason) const {
    const auto& notices = world.report().notices;
    return std::any_of(notices.begin(), notices.end(), [&](const AgentNotice& n) { return n.reason == reason; });
  }

  AgentWorld world;
};

TEST_F(AgentFaults, Fault_wrap_above_max_is_refused_before_anything_is_written) {
  // A register of 15 bits of an eighth of a watt turns 4096 W into 0 W. Nothing above the original ever goes out.
  world.settle_under(order(1, 200));
  world.settle_under(order(2, 4'096 * 3));
  for (const Write& write : world.hardware.writes) {
    if (write.key.field == Field::long_term_limit) {
      EXPECT_LE(write.value, 125 * W);
    }
  }
  EXPECT_EQ(world.hardware.limit(kP0), watts(125));
}

TEST_F(AgentFaults, Fault_zero_cap_stands_at_the_floor) {
  world.settle_under(order(1, 51));
  EXPECT_EQ(world.hardware.limit(kP0), watts(50));
  for (const Write& write : world.hardware.writes) EXPECT_NE(write.value, 0u);
}

TEST_F(AgentFaults, Fault_cap_below_floor_applies_the_floor_and_says_what_is_lacking) {
  world.settle_under(order(1, 130));
  EXPECT_EQ(sum(), watts(100));
  EXPECT_TRUE(world.report().infeasible);
  EXPECT_EQ(world.report().shortfall, watts(20));
  EXPECT_EQ(world.report().applied, watts(150)) << "what it really may draw";
  EXPECT_TRUE(noticed("CapInfeasible"));
  world.settle_under(order(2, 250));
  EXPECT_FALSE(world.report().infeasible);
  EXPECT_TRUE(noticed("CapFeasible"));
}

TEST_F(AgentFaults, Fault_cap_below_floor_of_an_explicit_cap) {
  CapOrder given = order(1, 400);
  given.spec.cpu_package = watts(40);
  world.settle_under(given);
  EXPECT_EQ(world.hardware.limit(kP0), watts(50));
  EXPECT_EQ(world.report().shortfall, watts(20));
}

TEST_F(AgentFaults, Fault_cap_above_ceiling_leaves_the_original) {
  world.settle_under(order(1, 2'000));
  EXPECT_TRUE(world.hardware.writes.empty());
  EXPECT_EQ(world.report().applied, watts(300));
  EXPECT_EQ(world.report().observed, order(1, 2'000).id());
}

TEST_F(AgentFaults, Fault_locked_msr_becomes_READONLY_and_the_others_make_room) {
  pl1(kP0).on_write = Outcome::locked;
  world.settle_under(order(1, 250), Seconds(60));
  EXPECT_EQ(world.domain(kP0).health, Health::readonly);
  EXPECT_EQ(world.hardware.limit(kP1), watts(75)) << "200 W less the locked one's ceiling";
  EXPECT_EQ(writes_of({kP0, Surface::msr, Field::long_term_limit}), 3u) << "three tries, and no more for minutes";
  EXPECT_EQ(world.report().applied, watts(250));
  EXPECT_EQ(world.report().observed, order(1, 250).id()) << "a locked domain holds up no ack";
}

TEST_F(AgentFaults, Fault_firmware_clamps_down_is_asked_again_once_a_minute) {
  pl1(kP0).most = world.hardware.at(kP0, Field::short_term_limit).most = 60 * W;
  CapOrder given = order(1, 250);
  given.spec.cpu_package = watts(80);
  world.settle_under(given);
  EXPECT_EQ(world.hardware.limit(kP0), watts(60));
  EXPECT_EQ(world.domain(kP0).health, Health::ok);
  EXPECT_EQ(world.report().observed, given.id());
  const std::size_t settled = world.hardware.writes.size();
  world.run(Seconds(20));
  EXPECT_EQ(world.hardware.writes.size(), settled);
  world.run(Seconds(60));
  EXPECT_GT(world.hardware.writes.size(), settled) << "the firmware may have changed its mind";
  EXPECT_LE(world.hardware.writes.size(), settled + 6);
}

TEST_F(AgentFaults, a_lower_short_term_limit_of_somebody_else_is_respected_for_a_minute) {
  CapOrder given = order(1, 250);
  given.spec.cpu_package = watts(80);
  world.settle_under(given);
  auto& pl2 = world.hardware.at(kP0, Field::short_term_limit);
  pl2.value = 82 * W;
  world.run(Seconds(50));
  EXPECT_EQ(pl2.value, 82 * W);
  world.run(Seconds(30));
  EXPECT_EQ(pl2.value, 88 * W);
}

TEST_F(AgentFaults, Fault_enabled_reads_0_is_set_and_put_back_on_release) {
  world.hardware.at(kP0, Field::enabled).value = 0;
  world.settle_under(order(1, 250));
  EXPECT_EQ(world.hardware.at(kP0, Field::enabled).value, 1u);
  CapOrder release = order(2, 250);
  release.spec.release = true;
  world.settle_under(release);
  EXPECT_EQ(world.hardware.at(kP0, Field::enabled).value, 0u);
  EXPECT_EQ(world.hardware.limit(kP0), watts(125));
}

TEST_F(AgentFaults, Fault_enabled_write_ignored_is_a_MISMATCH_at_the_ceiling) {
  auto& enabled = world.hardware.at(kP0, Field::enabled);
  enabled.value = 0;
  enabled.ignores_writes = true;
  world.settle_under(order(1, 250));
  EXPECT_EQ(world.domain(kP0).health, Health::mismatch);
  EXPECT_EQ(world.domain(kP0).charged, watts(125));
  EXPECT_EQ(world.hardware.limit(kP1), watts(75));
}

TEST_F(AgentFaults, Fault_silent_ignore_is_a_MISMATCH_after_two_more_tries) {
  pl1(kP0).ignores_writes = true;
  world.settle_under(order(1, 250));
  EXPECT_EQ(world.domain(kP0).health, Health::mismatch);
  EXPECT_EQ(writes_of({kP0, Surface::msr, Field::long_term_limit}), 3u);
  EXPECT_EQ(world.hardware.limit(kP1), watts(75));
}

TEST_F(AgentFaults, Fault_firmware_clamps_up_is_taken_as_a_floor) {
  pl1(kP0).least = 110 * W;
  world.settle_under(order(1, 250));
  EXPECT_EQ(world.domain(kP0).health, Health::ok);
  EXPECT_EQ(world.domain(kP0).floor, watts(110));
  EXPECT_LE(sum(), watts(200));
}

TEST_F(AgentFaults, Fault_lower_fails_then_raise_is_called_off) {
  world.hardware.draw(kP0, watts(120));
  world.hardware.draw(kP1, watts(50));
  world.settle_under(order(1, 250), Seconds(90));
  ASSERT_GT(world.hardware.limit(kP0), watts(115));
  // The load moves to the other package, whose raise needs this one's lower.
  world.hardware.draw(kP0, watts(40));
  world.hardware.draw(kP1, watts(78));
  pl1(kP0).on_write = Outcome::transient;
  const base::Power before = world.hardware.limit(kP1);
  world.run(Seconds(100));
  EXPECT_LE(world.hardware.limit(kP1), before);
  EXPECT_LE(sum(), watts(200));
}

TEST_F(AgentFaults, Fault_sigkill_then_restart_keeps_caps_and_originals) {
  world.settle_under(order(1, 250));
  const auto writes = world.hardware.writes.size();
  world.restart();
  world.tick();
  EXPECT_EQ(world.hardware.writes.size(), writes) << "the caps stand, so nothing is written";
  EXPECT_EQ(world.report().state, AgentState::active) << "the heartbeat was seen seconds ago, by the same clock";
  CapOrder release = order(2, 250);
  release.spec.release = true;
  world.settle_under(release);
  EXPECT_EQ(world.hardware.limit(kP0), watts(125)) << "not the 100 W that stood there when it started again";
}

TEST_F(AgentFaults, Fault_sigkill_between_intent_and_write_is_settled_by_reading) {
  world.settle_under(order(1, 250));
  // The journal announces 80 W, the register never saw it.
  for (JournalControl& control : world.journal.state.controls) {
    if (control.key == ControlKey{kP0, Surface::msr, Field::long_term_limit}) control.pending = 80 * W;
  }
  world.restart();
  world.run(Seconds(60));
  EXPECT_EQ(world.domain(kP0).health, Health::ok);
  EXPECT_LE(sum(), watts(200));
  EXPECT_EQ(world.domain(kP0).original, watts(125));
}

TEST_F(AgentFaults, Fault_sigkill_between_PL1_and_PL2_is_completed) {
  world.settle_under(order(1, 250));
  world.hardware.at(kP0, Field::short_term_limit).value = 150 * W;
  world.restart();
  world.tick();
  EXPECT_EQ(world.hardware.at(kP0, Field::short_term_limit).value, 110 * W);
}

TEST_F(AgentFaults, Fault_reboot_applies_the_last_order_before_the_controller_speaks) {
  world.recovered.kind = Recovered::Kind::rebooted;
  world.recovered.state.order = order(7, 250);
  world.start();
  world.tick();
  EXPECT_EQ(sum(), watts(200));
  EXPECT_EQ(world.report().state, AgentState::holding);
}

TEST_F(AgentFaults, Fault_journal_corrupt_goes_on_capping_and_releases_nothing) {
  pl1(kP0).value = 100 * W;
  world.recovered.kind = Recovered::Kind::corrupt;
  world.settle_under(order(1, 200));
  EXPECT_EQ(sum(), watts(150));
  CapOrder release = order(2, 200);
  release.spec.release = true;
  world.settle_under(release);
  EXPECT_EQ(sum(), watts(150)) << "nobody knows what was there before";
  EXPECT_TRUE(noticed("OriginalsUnknown"));
}

TEST_F(AgentFaults, Fault_journal_corrupt_by_a_full_disk_is_counted_and_caps_go_on) {
  world.journal.fails = true;
  world.settle_under(order(1, 250));
  EXPECT_EQ(sum(), watts(200));
  EXPECT_GT(world.report().journal_errors, 0u);
  EXPECT_TRUE(noticed("JournalFailed"));
}

TEST_F(AgentFaults, Fault_sigterm_default_holds) {
  world.settle_under(order(1, 250));
  const auto writes = world.hardware.writes.size();
  world.agent->stop(world.now);
  EXPECT_EQ(world.hardware.writes.size(), writes);
  EXPECT_EQ(world.report().state, AgentState::stopping);
}

TEST_F(AgentFaults, Fault_release_command_leaves_what_somebody_else_wrote) {
  world.settle_under(order(1, 250));
  pl1(kP0).value = 90 * W;
  CapOrder release = order(2, 250);
  release.spec.release = true;
  world.give(release);
  world.beat();
  world.now += Seconds(1);
  world.tick();
  EXPECT_EQ(world.hardware.limit(kP0), watts(90));
  EXPECT_EQ(world.hardware.limit(kP1), watts(125));
  EXPECT_EQ(world.hardware.at(kP1, Field::short_term_limit).value, 150 * W);
  EXPECT_TRUE(noticed("ChangedByOthers"));
}

TEST_F(AgentFaults, Fault_second_agent_instance_only_observes) {
  world.recovered.kind = Recovered::Kind::locked;
  world.settle_under(order(1, 250));
  EXPECT_TRUE(world.hardware.writes.empty());
  EXPECT_EQ(world.journal.saves, 0);
  EXPECT_EQ(world.report().state, AgentState::observe);
  EXPECT_FALSE(world.report().observed);
}

TEST_F(AgentFaults, Fault_other_writer_raises_cap_ends_CONTESTED_without_a_storm) {
  world.settle_under(order(1, 250));
  world.hardware.writes.clear();
  for (int i = 0; i < 60; ++i) {
    pl1(kP0).value = 125 * W;
    world.run(Seconds(2));
  }
  EXPECT_EQ(world.domain(kP0).health, Health::contested);
  EXPECT_LT(world.hardware.writes.size(), 60u) << "less than one every two seconds";
  EXPECT_LE(world.hardware.limit(kP1), watts(75));
}

TEST_F(AgentFaults, Fault_other_writer_lowers_cap_is_respected_for_a_minute) {
  world.settle_under(order(1, 250));
  pl1(kP0).value = 70 * W;
  world.run(Seconds(40));
  EXPECT_EQ(world.hardware.limit(kP0), watts(70));
  EXPECT_EQ(world.domain(kP0).external_changes, 1u);
  world.run(Seconds(60));
  EXPECT_GT(world.hardware.limit(kP0), watts(90));
}

TEST_F(AgentFaults, Fault_dry_run_writes_nothing) {
  world.settings.mode = AgentMode::dry_run;
  world.settle_under(order(1, 120));
  EXPECT_TRUE(world.hardware.writes.empty());
  EXPECT_EQ(world.report().state, AgentState::observe);
  EXPECT_TRUE(world.report().infeasible) << "it says what would be";
}

// Whoever scrapes gets the last tick's report; only ticks read hardware.
TEST_F(AgentFaults, Fault_metrics_scrape_storm_reads_nothing) {
  world.settle_under(order(1, 250));
  const auto reads = world.hardware.reads;
  double watts_seen = 0;
  for (int scrape = 0; scrape < 10'000; ++scrape) {
    const AgentReport seen = world.report();
    watts_seen += base::to_watts(seen.domains.front().power.value_or(base::Power{}));
  }
  EXPECT_GT(watts_seen, 0);
  EXPECT_EQ(world.hardware.reads, reads);
}

TEST_F(AgentFaults, Fault_emergency_brake_takes_every_domain_to_its_floor_in_one_tick) {
  world.hardware.add_gpu("A");
  world.settle_under(order(1, 900));
  CapOrder brake = order(2, 900);
  brake.spec.brake_until = *world.inbox.view.heartbeat + Seconds(30);
  world.give(brake);
  world.tick();
  EXPECT_EQ(world.report().state, AgentState::emergency);
  EXPECT_EQ(sum(), watts(100));
  EXPECT_EQ(world.hardware.limit("gpu/A", Surface::nvml), watts(200));
}

TEST_F(AgentFaults, Fault_enforced_below_requested_leaves_the_surplus_to_others) {
  world.hardware.add_gpu("A");
  world.hardware.draw("gpu/A", watts(690));
  world.hardware.outer_limit = 400 * W;
  world.hardware.at("gpu/A", Field::enforced_limit, Surface::nvml).value = 400 * W;
  world.settle_under(order(1, 700), Seconds(50));
  EXPECT_EQ(world.domain("gpu/A").health, Health::ok);
  EXPECT_EQ(world.domain("gpu/A").enforced, watts(400));
  EXPECT_EQ(sum(), watts(250)) << "650 W less the 400 W that act on the GPU is enough for both";
  EXPECT_LE(world.report().applied, watts(700));
}

TEST_F(AgentFaults, Fault_zone_vanishes_counts_at_its_ceiling_or_nothing_when_dark) {
  world.settle_under(order(1, 250));
  const std::vector<Domain> all = world.hardware.domains;
  world.hardware.domains.pop_back();
  world.hardware.at(kP1, Field::long_term_limit).on_read = Outcome::gone;
  world.run(Seconds(10));
  EXPECT_EQ(world.domain(kP1).health, Health::lost);
  EXPECT_EQ(world.hardware.limit(kP0), watts(75));
  world.hardware.dark = {kP1};
  world.run(Seconds(40));
  EXPECT_EQ(world.domain(kP1).charged, watts(0));
  EXPECT_EQ(world.hardware.limit(kP0), watts(125));
  // It comes back with its number and without its enable bit.
  world.hardware.domains = all;
  world.hardware.dark.clear();
  world.hardware.at(kP1, Field::long_term_limit).on_read = Outcome::ok;
  world.hardware.at(kP1, Field::enabled).value = 0;
  world.run(Seconds(6));
  EXPECT_EQ(world.hardware.at(kP1, Field::enabled).value, 1u);
  EXPECT_EQ(world.domain(kP1).original, watts(125));
  EXPECT_LE(sum(), watts(201)) << "within the tolerance of two read-backs";
}

TEST_F(AgentFaults, Fault_hung_write_counts_at_the_ceiling_until_it_returns) {
  world.settle_under(order(1, 290));
  auto& limit = pl1(kP0);
  limit.on_write = limit.on_read = Outcome::hung;
  world.settle_under(order(2, 250), Seconds(10));
  EXPECT_EQ(world.domain(kP0).health, Health::hung);
  EXPECT_EQ(world.hardware.limit(kP1), watts(75));
  const auto writes = writes_of({kP0, Surface::msr, Field::long_term_limit});
  world.run(Seconds(10));
  EXPECT_EQ(writes_of({kP0, Surface::msr, Field::long_term_limit}), writes) << "no second write is queued";
  limit.on_write = limit.on_read = Outcome::ok;
  world.run(Seconds(30));
  EXPECT_EQ(world.domain(kP0).health, Health::ok);
  EXPECT_LE(sum(), watts(200));
}

TEST_F(AgentFaults, Fault_mmio_and_msr_are_one_domain_and_both_are_written) {
  Domain& domain = world.hardware.domains.front();
  Control mmio = domain.controls.front();
  mmio.surface = Surface::mmio;
  domain.controls.push_back(mmio);
  for (const Field field : mmio.fields) world.hardware.at(kP0, field, Surface::mmio) = world.hardware.at(kP0, field);
  world.settle_under(order(1, 250));
  EXPECT_EQ(world.hardware.limit(kP0, Surface::mmio), watts(100));
  EXPECT_EQ(world.hardware.limit(kP0), watts(100));
  EXPECT_EQ(world.report().applied, watts(250)) << "counted once";
  // Firmware rewrites one of them: the other still acts, and ours is written again.
  world.hardware.at(kP0, Field::long_term_limit, Surface::mmio).value = 125 * W;
  world.run(Seconds(6));
  EXPECT_EQ(world.hardware.limit(kP0, Surface::mmio), watts(100));
}

TEST_F(AgentFaults, Fault_inlet_sensor_stuck_die_temperatures_change_no_cap) {
  world.settle_under(order(1, 250));
  const auto writes = world.hardware.writes.size();
  for (int i = 0; i < 20; ++i) {
    world.hardware.meters[kP0].temperature = base::celsius(i % 2 == 0 ? 120 : -40);
    world.run(Seconds(1));
  }
  EXPECT_EQ(world.hardware.writes.size(), writes);
  EXPECT_EQ(world.domain(kP0).temperature, base::celsius(-40)) << "shown, not acted on";
}

TEST_F(AgentFaults, Fault_suspend_verifies_every_control_at_once) {
  world.settle_under(order(1, 250));
  pl1(kP0).value = 125 * W;  // firmware's own after resume
  world.now += Seconds(3'600);
  world.tick();
  EXPECT_EQ(world.report().state, AgentState::safe);
  EXPECT_EQ(world.hardware.limit(kP0), watts(100));
}

}  // namespace
}  // namespace headroom::rapl_agent::core::test
