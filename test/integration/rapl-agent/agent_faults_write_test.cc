// Rows of the fault matrix about what is written, in which order, and what the kernel makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "test/integration/rapl-agent/fault_rig.h"

namespace headroom::rapl_agent {
namespace {

using core::Health;
using headroom::test::Recorded;
using test::FaultRig;
using test::kFirst;
using test::kSecond;
using test::kZone0;
using test::kZone1;

// Where in the log of writes a file of this zone is written first; the log's size: nowhere.
std::size_t first_write(const std::vector<Recorded>& log, const std::string& file) {
  return static_cast<std::size_t>(
      std::find_if(log.begin(), log.end(), [&](const auto& line) { return line.file() == file; }) - log.begin());
}

// Replays the log from the originals: the long-term limit was at no moment above the short-term one.
void expect_ordered_limits(const std::vector<Recorded>& log, const std::string& zone) {
  std::uint64_t long_term = 125'000'000;
  std::uint64_t short_term = 150'000'000;
  for (const Recorded& line : log) {
    if (line.file() == zone + "/" + FaultRig::kLongTerm) long_term = std::stoull(line.value);
    if (line.file() == zone + "/" + FaultRig::kShortTerm) short_term = std::stoull(line.value);
    ASSERT_LE(long_term, short_term) << line.file() << " " << line.value;
  }
}

TEST(AgentFaults, Fault_normal_lower) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  const auto log = rig.tree.writes("node-a");
  for (const std::string zone : {kZone0, kZone1}) {
    EXPECT_LT(first_write(log, zone + "/" + FaultRig::kLongTerm), first_write(log, zone + "/" + FaultRig::kShortTerm));
    expect_ordered_limits(log, zone);
  }
  for (const std::string id : {kFirst, kSecond}) {
    const std::int64_t asked = rig.domain(id).cap.value_or(base::Power()).count();
    EXPECT_EQ(rig.enforced(id), asked / 125'000 * 125'000) << id;
  }
  EXPECT_LE(rig.value(kZone0) + rig.value(kZone1), 160'000'000);
}

TEST(AgentFaults, Fault_normal_raise) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(120)) << rig.told();
  const std::size_t lowered = rig.tree.writes("node-a").size();
  rig.budget(220);
  ASSERT_TRUE(rig.until([&] { return rig.value(kZone0) + rig.value(kZone1) > 200'000'000; })) << rig.told();
  auto log = rig.tree.writes("node-a");
  for (const std::string zone : {kZone0, kZone1}) expect_ordered_limits(log, zone);
  log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(lowered));
  for (const std::string zone : {kZone0, kZone1}) {
    EXPECT_LT(first_write(log, zone + "/" + FaultRig::kShortTerm), first_write(log, zone + "/" + FaultRig::kLongTerm));
  }
}

TEST(AgentFaults, Fault_unit_truncation) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::microwatts(100'060'000))) << rig.told();
  EXPECT_EQ(rig.value(kZone0), 100'000'000);
  const std::size_t written = rig.tree.writes("node-a").size();
  rig.pass(3 * rig.settings.timing.verify);
  EXPECT_EQ(rig.tree.writes("node-a").size(), written);
  EXPECT_EQ(rig.health(kFirst), Health::ok);
}

// 4096 W would read back as 0 W.
TEST(AgentFaults, Fault_wrap_above_max) {
  FaultRig rig("server-2s");
  rig.start();
  rig.spec.cpu_package = base::watts(4096);
  rig.send();
  rig.turns(10);
  rig.spec.cpu_package.reset();
  rig.budget(9000);
  rig.turns(10);
  for (const Recorded& line : rig.tree.writes("node-a"))
    EXPECT_LE(std::stoull(line.value), 150'000'000U) << line.file();
  EXPECT_EQ(rig.value(kZone0), 125'000'000);
  EXPECT_EQ(rig.value(kZone1), 125'000'000);
}

TEST(AgentFaults, Fault_zero_cap) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  rig.spec.cpu_package = base::watts(0);
  rig.send();
  ASSERT_TRUE(rig.until([&] { return !rig.report().order_problem.empty(); })) << rig.told();
  rig.pass(rig.settings.timing.verify);
  for (const Recorded& line : rig.tree.writes("node-a")) EXPECT_GT(std::stoull(line.value), 0U) << line.file();
  EXPECT_GE(rig.value(kZone0), 50'000'000);
}

TEST(AgentFaults, Fault_cap_below_floor) {
  FaultRig rig("server-2s");
  rig.start();
  rig.budget(60);
  ASSERT_TRUE(rig.until([&] { return rig.enforced(kFirst) == 50'000'000 && rig.enforced(kSecond) == 50'000'000; }))
      << rig.told();
  EXPECT_TRUE(rig.report().infeasible);
  EXPECT_EQ(rig.report().shortfall, base::watts(40));
}

TEST(AgentFaults, Fault_cap_above_ceiling) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  rig.budget(1000);
  ASSERT_TRUE(rig.until([&] { return rig.value(kZone0) == 125'000'000 && rig.value(kZone1) == 125'000'000; }))
      << rig.told();
  for (const Recorded& line : rig.tree.writes("node-a"))
    EXPECT_LE(std::stoull(line.value), 150'000'000U) << line.file();
}

TEST(AgentFaults, Fault_locked_msr) {
  FaultRig rig("server-2s");
  rig.set("intel-rapl:1 locked 1");
  rig.start();
  rig.budget(200);
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::readonly; })) << rig.told();
  ASSERT_TRUE(rig.until([&] { return rig.enforced(kFirst) <= 75'000'000; })) << rig.told();
  EXPECT_LE(rig.report().applied, base::watts(200));
  const std::size_t tried = rig.writes(kZone1).size();
  EXPECT_LE(tried, 4U);
  rig.pass(2 * rig.settings.timing.verify);
  EXPECT_EQ(rig.writes(kZone1).size(), tried);
}

TEST(AgentFaults, Fault_enabled_ENOSYS) {
  FaultRig rig("server-2s");
  rig.poke(kZone1, "enabled", "0");
  rig.fault("intel-rapl:1 enabled write errno=ENOSYS");
  rig.start();
  rig.budget(200);
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::readonly; })) << rig.told();
  EXPECT_EQ(rig.enforced(kSecond), -1);
  ASSERT_TRUE(rig.until([&] { return rig.enforced(kFirst) <= 75'000'000; })) << rig.told();
}

TEST(AgentFaults, Fault_enabled_reads_0) {
  FaultRig rig("server-2s");
  rig.poke(kZone1, "enabled", "0");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  EXPECT_EQ(rig.value(kZone1, "enabled"), 1);
  rig.spec.release = true;
  rig.send();
  ASSERT_TRUE(rig.until([&] { return rig.value(kZone1) == 125'000'000 && rig.value(kZone1, "enabled") == 0; }))
      << rig.told();
  EXPECT_EQ(rig.value(kZone0, "enabled"), 1);
}

TEST(AgentFaults, Fault_silent_ignore) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  rig.set("intel-rapl:1 ignores-limits 1");
  const std::size_t before = rig.writes(kZone1, FaultRig::kLongTerm).size();
  const std::int64_t first = rig.value(kZone0);
  const std::int64_t second = rig.value(kZone1);
  rig.budget(130);
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::mismatch; })) << rig.told();
  EXPECT_EQ(rig.writes(kZone1, FaultRig::kLongTerm).size() - before, 3U);
  EXPECT_EQ(rig.value(kZone1), second);
  EXPECT_LE(rig.value(kZone0), first);
}

TEST(AgentFaults, Fault_eio_on_write) {
  FaultRig rig("server-2s");
  rig.fault("intel-rapl:0 constraint_0_power_limit_uw write errno=EIO count=1");
  rig.fault("intel-rapl:1 constraint_0_power_limit_uw write ignore count=1");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  EXPECT_LE(rig.value(kZone0) + rig.value(kZone1), 160'000'000);
  EXPECT_GE(rig.writes(kZone0, FaultRig::kLongTerm).size(), 2U);
  EXPECT_GE(rig.writes(kZone1, FaultRig::kLongTerm).size(), 2U);
}

TEST(AgentFaults, Fault_half_write) {
  FaultRig rig("server-2s");
  rig.fault("intel-rapl:1 constraint_0_power_limit_uw write short=3 count=1");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  EXPECT_GE(rig.value(kZone1), 50'000'000);
  EXPECT_EQ(rig.value(kZone1), rig.enforced(kSecond));
}

TEST(AgentFaults, Fault_lower_fails_then_raise) {
  FaultRig rig("server-2s");
  rig.set("rapl/package-0 demand 60W");
  rig.set("rapl/package-1 demand 150W");
  rig.start();
  ASSERT_TRUE(rig.budgeted(170)) << rig.told();
  // The load moves to package-0; package-1 no longer takes its lower limit.
  rig.set("intel-rapl:1 locked 1");
  rig.set("rapl/package-0 demand 150W");
  rig.set("rapl/package-1 demand 60W");
  const std::int64_t second = rig.value(kZone1);
  rig.budget(169);
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::readonly; })) << rig.told();
  rig.pass(rig.settings.timing.verify);
  EXPECT_EQ(rig.value(kZone1), second);
  EXPECT_LE(rig.value(kZone0) + rig.value(kZone1), 170'000'000);
  for (const Recorded& line : rig.tree.writes("node-a")) EXPECT_LE(line.node_uw, 250'000'000U);
}

TEST(AgentFaults, Fault_firmware_clamps_up) {
  FaultRig rig("server-2s");
  rig.set("intel-rapl:1 clamp-min 90W");
  rig.start();
  rig.budget(150);
  ASSERT_TRUE(rig.until([&] { return rig.value(kZone0) + rig.value(kZone1) <= 150'000'000; })) << rig.told();
  EXPECT_EQ(rig.value(kZone1), 90'000'000);
  ASSERT_TRUE(rig.acknowledged()) << rig.told();
  EXPECT_LE(rig.report().applied, base::watts(150)) << rig.told();
}

// The firmware takes no more than 60 W of either limit: that is what there is, and asking again changes nothing.
TEST(AgentFaults, Fault_firmware_clamps_down) {
  FaultRig rig("server-2s");
  rig.set("intel-rapl:1 clamp-max 60W");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(80))) << rig.told();
  EXPECT_EQ(rig.value(kZone0), 80'000'000);
  EXPECT_EQ(rig.value(kZone1), 60'000'000);
  const std::size_t written = rig.writes(kZone1).size();
  rig.pass(2 * rig.settings.timing.verify);
  EXPECT_LE(rig.writes(kZone1).size(), written + 2) << rig.told();
  EXPECT_EQ(rig.value(kZone1), 60'000'000);
  EXPECT_EQ(rig.health(kSecond), Health::ok);
}

TEST(AgentFaults, Fault_dry_run) {
  FaultRig rig("server-2s");
  rig.settings.mode = core::AgentMode::dry_run;
  rig.start();
  rig.budget(160);
  rig.pass(rig.settings.timing.verify);
  rig.spec.brake_until = base::WallTime::max();
  rig.send();
  rig.turns(10);
  EXPECT_TRUE(rig.tree.writes("node-a").empty());
}

}  // namespace
}  // namespace headroom::rapl_agent
