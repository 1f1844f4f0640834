// Rows of the fault matrix about the agent's own life and about others who write the same limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

#include "test/integration/rapl-agent/fault_rig.h"

namespace headroom::rapl_agent {
namespace {

using core::Health;
using test::FaultRig;
using test::kFirst;
using test::kSecond;
using test::kZone0;
using test::kZone1;

void release(FaultRig& rig) {
  rig.spec.release = true;
  rig.send();
}

TEST(AgentFaults, Fault_sigkill_then_restart) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(80))) << rig.told();
  rig.kill();
  const std::size_t written = rig.tree.writes("node-a").size();
  rig.start();
  ASSERT_TRUE(rig.acknowledged()) << rig.told();
  EXPECT_EQ(rig.tree.writes("node-a").size(), written);
  EXPECT_EQ(rig.domain(kFirst).original, base::watts(125));
  release(rig);
  EXPECT_TRUE(rig.until([&] { return rig.value(kZone0) == 125'000'000 && rig.value(kZone1) == 125'000'000; }))
      << rig.told();
}

// The first write is announced in the journal and never reaches the kernel.
TEST(AgentFaults, Fault_sigkill_between_intent_and_write) {
  FaultRig rig("server-2s");
  rig.kill_at_write(1);
  rig.start();
  rig.budget(160);
  EXPECT_THROW((void)rig.acknowledged(), test::Killed);
  rig.kill();
  EXPECT_TRUE(rig.tree.writes("node-a").empty());
  rig.start();
  ASSERT_TRUE(rig.acknowledged()) << rig.told();
  EXPECT_LE(rig.value(kZone0) + rig.value(kZone1), 160'000'000);
  EXPECT_EQ(rig.domain(kFirst).original, base::watts(125));
}

TEST(AgentFaults, Fault_sigkill_between_PL1_and_PL2) {
  FaultRig rig("server-2s");
  rig.kill_at_write(2);
  rig.start();
  rig.spec.cpu_package = base::watts(80);
  rig.send();
  EXPECT_THROW((void)rig.acknowledged(), test::Killed);
  rig.kill();
  ASSERT_EQ(rig.tree.writes("node-a").size(), 1U);
  rig.start();
  ASSERT_TRUE(rig.acknowledged()) << rig.told();
  EXPECT_EQ(rig.value(kZone0, FaultRig::kShortTerm), 88'000'000);
  EXPECT_EQ(rig.value(kZone1, FaultRig::kShortTerm), 88'000'000);
  release(rig);
  EXPECT_TRUE(rig.until([&] {
    return rig.value(kZone0) == 125'000'000 && rig.value(kZone0, FaultRig::kShortTerm) == 150'000'000;
  })) << rig.told();
}

TEST(AgentFaults, Fault_reboot) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(80))) << rig.told();
  rig.kill();
  rig.command("node node-a server-1s");  // as firmware leaves it, with another original
  rig.boot_id = "boot-2";
  rig.poke(kZone0, FaultRig::kLongTerm, "110000000");
  rig.start();
  ASSERT_TRUE(rig.acknowledged()) << rig.told();
  EXPECT_EQ(rig.report().boot_id, "boot-2");
  EXPECT_EQ(rig.domain(kFirst).original, base::watts(110));
  EXPECT_EQ(rig.value(kZone0), 80'000'000);
}

TEST(AgentFaults, Fault_sigterm_default) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  const std::int64_t held = rig.value(kZone0);
  const std::size_t written = rig.tree.writes("node-a").size();
  rig.stop();
  EXPECT_EQ(rig.report().state, core::AgentState::stopping);
  EXPECT_EQ(rig.value(kZone0), held);
  EXPECT_EQ(rig.tree.writes("node-a").size(), written);
}

TEST(AgentFaults, Fault_release_command) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(80))) << rig.told();
  rig.poke(kZone1, FaultRig::kLongTerm, "70000000");  // somebody else's
  release(rig);
  ASSERT_TRUE(rig.until([&] {
    return rig.value(kZone0) == 125'000'000 && rig.value(kZone0, FaultRig::kShortTerm) == 150'000'000;
  })) << rig.told();
  rig.pass(rig.settings.timing.verify);
  EXPECT_EQ(rig.value(kZone1), 70'000'000) << rig.told();
}

TEST(AgentFaults, Fault_other_writer_raises_cap) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(80))) << rig.told();
  ASSERT_TRUE(rig.until([&] {
    if (rig.value(kZone1) == 80'000'000) rig.poke(kZone1, FaultRig::kLongTerm, "125000000");
    return rig.health(kSecond) == Health::contested;
  })) << rig.told();
  EXPECT_GE(rig.domain(kSecond).external_changes, 5U);
  // Backed off: far fewer than one write a second of the product's clock.
  const std::size_t written = rig.writes(kZone1).size();
  rig.poke(kZone1, FaultRig::kLongTerm, "125000000");
  rig.pass(rig.settings.timing.contested_retry / 2);
  EXPECT_LE(rig.writes(kZone1).size(), written + 2);
  EXPECT_EQ(rig.domain(kSecond).charged, base::watts(125));
}

TEST(AgentFaults, Fault_other_writer_lowers_cap) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(90))) << rig.told();
  rig.poke(kZone1, FaultRig::kLongTerm, "70000000");
  ASSERT_TRUE(rig.until([&] { return rig.domain(kSecond).external_changes >= 1; })) << rig.told();
  rig.pass(rig.settings.timing.foreign_lower / 3);
  EXPECT_EQ(rig.value(kZone1), 70'000'000);
  EXPECT_EQ(rig.health(kSecond), Health::ok);
  ASSERT_TRUE(rig.until([&] { return rig.value(kZone1) == 90'000'000; })) << rig.told();
}

TEST(AgentFaults, Fault_emergency_brake) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(240)) << rig.told();
  rig.spec.brake_until = base::WallTime(base::Seconds(4'000'000'000));
  rig.send();
  rig.turns(1);
  EXPECT_EQ(rig.report().state, core::AgentState::emergency) << rig.told();
  EXPECT_EQ(rig.value(kZone0), 50'000'000) << rig.told();
  EXPECT_EQ(rig.value(kZone1), 50'000'000);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(AgentFaults, Fault_fd_leak) {
  FaultRig rig("server-2s");
  rig.settings.timing.tick = base::Milliseconds(1);
  rig.settings.timing.verify = base::Milliseconds(1);
  rig.settings.timing.discovery = base::Milliseconds(2);
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  rig.turns(20);
  const std::size_t before = open_descriptors();
  rig.fault("* energy_uj read errno=EINVAL after=3 count=50");
  rig.fault("* constraint_0_power_limit_uw read content=\"abc\\n\" after=20 count=50");
  rig.turns(200);
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace headroom::rapl_agent
