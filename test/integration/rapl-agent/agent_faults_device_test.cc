// Rows of the fault matrix about what devices show, hide, lose and hold back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/integration/rapl-agent/fault_rig.h"

namespace headroom::rapl_agent {
namespace {

using core::Health;
using test::FaultRig;
using test::kFirst;
using test::kSecond;
using test::kZone0;
using test::kZone1;

TEST(AgentFaults, Fault_eacces_open) {
  FaultRig rig("server-2s");
  rig.fault("intel-rapl:1 constraint_0_power_limit_uw write errno=EACCES");
  rig.start();
  rig.budget(200);
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::readonly; })) << rig.told();
  EXPECT_THAT(rig.domain(kSecond).detail, testing::HasSubstr("not permitted here"));
  ASSERT_TRUE(rig.until([&] { return rig.enforced(kFirst) <= 75'000'000; })) << rig.told();
}

TEST(AgentFaults, Fault_attribute_missing) {
  FaultRig rig("server-2s");
  rig.fault("intel-rapl:0 constraint_0_max_power_uw any errno=ENOENT");
  rig.start();
  rig.turns(2);
  EXPECT_EQ(rig.domain(kFirst).ceiling, base::watts(125));
  rig.budget(160);
  EXPECT_TRUE(rig.acknowledged()) << rig.told();
}

TEST(AgentFaults, Fault_max_power_0) {
  FaultRig rig("server-2s");
  rig.fault("intel-rapl:0 constraint_0_max_power_uw read content=\"0\\n\"");
  rig.fault("intel-rapl:1 constraint_0_max_power_uw read errno=ENODATA");
  rig.start();
  rig.turns(2);
  EXPECT_EQ(rig.domain(kFirst).ceiling, base::watts(125));
  EXPECT_EQ(rig.domain(kSecond).ceiling, base::watts(125));
}

TEST(AgentFaults, Fault_max_power_huge) {
  FaultRig rig("client-9900k");
  rig.start();
  rig.turns(2);
  EXPECT_EQ(rig.domain(kFirst).original, base::watts(4090));
  EXPECT_EQ(rig.domain(kFirst).ceiling, base::watts(95));
  ASSERT_TRUE(rig.budgeted(140)) << rig.told();
  EXPECT_LE(rig.value(kZone0) + rig.value("intel-rapl:a"), 140'000'000);
}

TEST(AgentFaults, Fault_hex_zone_ids) {
  FaultRig rig("client-9900k");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(60))) << rig.told();
  EXPECT_EQ(rig.enforced("rapl/package-10"), 60'000'000);
  EXPECT_EQ(rig.value("intel-rapl:a"), 60'000'000);
}

TEST(AgentFaults, Fault_mirrored_die) {
  FaultRig rig("mirrored-dies");
  rig.start();
  ASSERT_TRUE(rig.until([&] { return rig.domain("rapl/package-0-die-0").power.has_value(); })) << rig.told();
  EXPECT_FALSE(rig.domain("rapl/package-0-die-1").power.has_value());
  EXPECT_EQ(rig.domain("rapl/package-0-die-1").energy_total, base::Energy());
}

TEST(AgentFaults, Fault_mmio_and_msr) {
  FaultRig rig("client");
  rig.settings.smallest_floor = base::watts(5);
  rig.start();
  rig.turns(2);
  EXPECT_EQ(rig.enforced(kFirst), 30'000'000);  // MMIO's 30 W below MSR's 35 W
  rig.spec.cpu_package = base::watts(20);
  rig.send();
  ASSERT_TRUE(rig.until([&] {
    return rig.value("intel-rapl:0") == 20'000'000 && rig.value("intel-rapl-mmio:0") == 20'000'000;
  })) << rig.told();
  EXPECT_EQ(rig.enforced(kFirst), 20'000'000);
  // One counter, read once: about what the package draws, not twice as much.
  ASSERT_TRUE(rig.until([&] { return rig.domain(kFirst).power.has_value(); })) << rig.told();
  EXPECT_LT(*rig.domain(kFirst).power, base::watts(40));
}

TEST(AgentFaults, Fault_mmio_rewritten_by_firmware) {
  FaultRig rig("client");
  rig.settings.smallest_floor = base::watts(5);
  rig.start();
  rig.spec.cpu_package = base::watts(20);
  rig.send();
  ASSERT_TRUE(rig.until([&] { return rig.value("intel-rapl-mmio:0") == 20'000'000; })) << rig.told();
  rig.poke("intel-rapl-mmio:0", FaultRig::kLongTerm, "28000000");
  ASSERT_TRUE(rig.until([&] { return rig.value("intel-rapl-mmio:0") == 20'000'000; })) << rig.told();
  EXPECT_GE(rig.domain(kFirst).external_changes, 1U);
}

TEST(AgentFaults, Fault_zone_vanishes) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(200)) << rig.told();
  rig.command("vanish node-a intel-rapl:1");
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::lost; })) << rig.told();
  EXPECT_EQ(rig.health(kFirst), Health::ok);
}

TEST(AgentFaults, Fault_zone_returns_other_index) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(80))) << rig.told();
  rig.command("vanish node-a intel-rapl:1");
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::lost; })) << rig.told();
  rig.command("return node-a intel-rapl:1 as=intel-rapl:5");
  ASSERT_TRUE(rig.until([&] {
    return rig.health(kSecond) == Health::ok && rig.value("intel-rapl:5", "enabled") == 1 &&
           rig.value("intel-rapl:5") == 80'000'000;
  })) << rig.told();
  EXPECT_EQ(rig.domain(kSecond).original, base::watts(125));
}

TEST(AgentFaults, Fault_energy_wrap) {
  FaultRig rig("server-2s");
  rig.set("rapl/package-0 energy 262050J");  // of a range of 262143 J, at 90 W
  rig.start();
  ASSERT_TRUE(rig.until([&] { return rig.domain(kFirst).counter_wraps == 1; })) << rig.told();
  EXPECT_LT(rig.domain(kFirst).energy_total, base::joules(1'000));
  EXPECT_EQ(rig.health(kFirst), Health::ok);
}

TEST(AgentFaults, Fault_energy_frozen) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.until([&] { return rig.domain(kFirst).power.has_value(); })) << rig.told();
  rig.set("rapl/package-0 frozen 1");
  ASSERT_TRUE(rig.until([&] { return !rig.domain(kFirst).power.has_value(); })) << rig.told();
  EXPECT_TRUE(rig.domain(kSecond).power.has_value());
  rig.budget(160);
  EXPECT_TRUE(rig.acknowledged()) << rig.told();
}

TEST(AgentFaults, Fault_garbage_content) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(160)) << rig.told();
  rig.fault("intel-rapl:1 constraint_0_power_limit_uw read content=\"abc\\n\"");
  rig.fault("intel-rapl:1 energy_uj read endless=5000000000");
  rig.pass(2 * rig.settings.timing.verify);
  EXPECT_EQ(rig.health(kFirst), Health::ok);
  EXPECT_EQ(rig.domain(kSecond).charged, base::watts(125)) << rig.told();  // what is not known counts at its ceiling
  EXPECT_FALSE(rig.domain(kSecond).read_errors.empty());
}

TEST(AgentFaults, Fault_half_read) {
  FaultRig rig("server-2s");
  rig.fault("* constraint_0_power_limit_uw read short=3");
  rig.fault("* enabled read errno=EINTR count=5");
  rig.start();
  ASSERT_TRUE(rig.packages_capped(base::watts(80))) << rig.told();
  EXPECT_EQ(rig.enforced(kFirst), 80'000'000);
  EXPECT_EQ(rig.enforced(kSecond), 80'000'000);
}

TEST(AgentFaults, Fault_hung_read) {
  FaultRig rig("server-2s");
  rig.start();
  ASSERT_TRUE(rig.budgeted(200)) << rig.told();
  rig.fault("intel-rapl:1 constraint_0_power_limit_uw read hang");
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::hung; })) << rig.told();
  EXPECT_TRUE(rig.report().backend_hung.at("powercap"));
  ASSERT_TRUE(rig.until([&] { return rig.enforced(kFirst) <= 75'000'000; })) << rig.told();
  EXPECT_EQ(rig.health(kFirst), Health::ok);
}

TEST(AgentFaults, Fault_hung_write) {
  FaultRig rig("server-2s");
  rig.fault("intel-rapl:1 constraint_0_power_limit_uw write hang");
  rig.start();
  rig.budget(200);
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::hung; })) << rig.told();
  rig.pass(2 * rig.settings.timing.verify);
  EXPECT_TRUE(rig.writes(kZone1, FaultRig::kLongTerm).size() <= 1U);
  EXPECT_EQ(rig.domain(kSecond).charged, base::watts(125));
  EXPECT_LE(rig.enforced(kFirst), 75'000'000);
}

TEST(AgentFaults, Fault_hang_recovers) {
  FaultRig rig("server-2s");
  rig.fault("intel-rapl:1 constraint_0_power_limit_uw write hang");
  rig.start();
  rig.budget(160);
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::hung; })) << rig.told();
  rig.command("release all");
  ASSERT_TRUE(rig.until([&] { return rig.health(kSecond) == Health::ok; })) << rig.told();
  ASSERT_TRUE(rig.acknowledged()) << rig.told();
  EXPECT_LE(rig.value(kZone0) + rig.value(kZone1), 160'000'000);
}

TEST(AgentFaults, Fault_idr_64_zones_16_gpus_the_zones) {
  FaultRig rig("zones-64");
  rig.start();
  rig.budget(32 * 80);
  ASSERT_TRUE(rig.acknowledged()) << rig.told();
  std::size_t capped = 0;
  for (const auto& domain : rig.report().domains) capped += domain.cappable && domain.health == Health::ok ? 1U : 0U;
  EXPECT_EQ(capped, 32U);
  EXPECT_LE(rig.report().applied, base::watts(32 * 80));
}

}  // namespace
}  // namespace headroom::rapl_agent
