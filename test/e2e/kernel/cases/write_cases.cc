// The write protocol on the kernel's RAPL code.
#include <gtest/gtest.h>

#include "test/e2e/kernel/cases/agent_in_guest.h"
#include "test/e2e/kernel/cases/guest_kernel.h"

namespace headroom::guest {
namespace {

using core::Health;

std::uint64_t limit(const std::string& id, int constraint = 0) {
  return read_number(zone(id) + "/constraint_" + std::to_string(constraint) + "_power_limit_uw");
}

std::string enabled(const std::string& id) {
  return read_file(zone(id) + "/enabled");
}

bool notices(const AgentInGuest& agent, const std::string& reason) {
  const auto& all = agent.report().notices;
  return std::any_of(all.begin(), all.end(), [&](const core::AgentNotice& notice) { return notice.reason == reason; });
}

TEST(FaultsQ, Fault_normal_lower) {
  Registers registers;
  AgentInGuest agent;
  agent.order_package(watts(100));
  ASSERT_TRUE(agent.run_until([&] { return agent.report().observed.has_value(); }));
  for (const char* package : {"intel-rapl:0", "intel-rapl:1"}) {
    EXPECT_EQ(limit(package), 100'000'000U);
    EXPECT_EQ(limit(package, 1), 110'000'000U);
  }
  EXPECT_EQ(agent.domain("rapl/package-0").enforced, watts(100));
  EXPECT_EQ(registers.get("inversions"), 0U) << "PL1 was never above PL2";
  EXPECT_EQ(registers.get("foreign_writes"), 0U);
}

TEST(FaultsQ, Fault_normal_raise) {
  Registers registers;
  AgentInGuest agent;
  agent.order_package(watts(70));
  ASSERT_TRUE(agent.run_until([&] { return limit("intel-rapl:0") == 70'000'000; }));
  agent.order_package(watts(120));
  ASSERT_TRUE(
      agent.run_until([&] { return limit("intel-rapl:0") == 120'000'000 && limit("intel-rapl:1") == 120'000'000; }));
  EXPECT_EQ(limit("intel-rapl:0", 1), 132'000'000U);
  EXPECT_EQ(registers.get("inversions"), 0U);
}

TEST(FaultsQ, Fault_unit_truncation) {
  Registers registers;
  AgentInGuest agent;
  agent.order_package(base::microwatts(100'060'000));
  ASSERT_TRUE(agent.run_until([&] { return agent.report().observed.has_value(); }));
  EXPECT_EQ(limit("intel-rapl:0"), 100'000'000U);
  EXPECT_EQ(agent.health("rapl/package-0"), Health::ok);
  const std::uint64_t writes = registers.get("limit_writes");
  agent.run(Seconds(60));
  EXPECT_EQ(registers.get("limit_writes"), writes) << "what reads back rounded down is not written again";
}

TEST(FaultsQ, Fault_wrap_above_max) {
  Registers registers;
  const std::string raw = zone("intel-rapl:1") + "/constraint_0_power_limit_uw";
  ASSERT_EQ(write_file(raw, "4096000000"), 0) << "the kernel takes it";
  ASSERT_EQ(read_file(raw), "0") << "and wraps";
  ASSERT_EQ(write_file(raw, "125000000"), 0);
  const std::uint64_t writes = registers.get("limit_writes");
  AgentInGuest agent;
  agent.order_package(watts(4'096));
  agent.run(Seconds(20));
  EXPECT_EQ(limit("intel-rapl:0"), 125'000'000U);
  EXPECT_EQ(limit("intel-rapl:1"), 125'000'000U);
  EXPECT_EQ(registers.get("limit_writes"), writes) << "nothing reached the register";
}

TEST(FaultsQ, Fault_locked_msr) {
  Registers registers("locked=2");
  AgentInGuest agent;
  agent.order_budget(watts(215));
  ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-1") == Health::readonly; }));
  agent.run(Seconds(10));
  EXPECT_EQ(limit("intel-rapl:1"), 125'000'000U);
  EXPECT_LE(limit("intel-rapl:0"), 90'000'000U) << "the locked package keeps its watts; the other makes room";
  const std::uint64_t failed = agent.domain("rapl/package-1").writes_failed;
  EXPECT_GE(failed, 1U);
  agent.run(Seconds(120));
  EXPECT_EQ(agent.domain("rapl/package-1").writes_failed, failed) << "no attempts in a loop";
}

TEST(FaultsQ, Fault_enabled_ENOSYS) {
  Registers registers("locked=1");
  ASSERT_EQ(write_file(zone("intel-rapl:0") + "/enabled", "1"), ENOSYS);
  ASSERT_EQ(enabled("intel-rapl:0"), "0") << "though the firmware's limit acts";
  AgentInGuest agent;
  agent.order_package(watts(80));
  ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-0") == Health::readonly; }));
  EXPECT_NE(agent.domain("rapl/package-0").enforced, watts(80)) << "not reported as applied";
  EXPECT_EQ(agent.domain("rapl/package-1").enforced, watts(80));
}

TEST(FaultsQ, Fault_enabled_reads_0) {
  Registers registers("disabled=1");
  ASSERT_EQ(enabled("intel-rapl:0"), "0");
  AgentInGuest agent;
  agent.order_package(watts(100));
  ASSERT_TRUE(agent.run_until([&] { return enabled("intel-rapl:0") == "1" && limit("intel-rapl:0") == 100'000'000; }));
  core::CapOrder release = agent.next_order();
  release.spec.release = true;
  agent.order(release);
  ASSERT_TRUE(agent.run_until([&] { return enabled("intel-rapl:0") == "0"; })) << "as it was before us";
  EXPECT_EQ(limit("intel-rapl:0"), 125'000'000U);
  EXPECT_EQ(enabled("intel-rapl:1"), "1");
}

TEST(FaultsQ, Fault_enabled_write_ignored) {
  Registers registers("disabled=1");
  registers.set("ignore_enable", 1);
  AgentInGuest agent;
  agent.order_package(watts(100));
  ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-0") == Health::mismatch; }));
  EXPECT_EQ(enabled("intel-rapl:0"), "0");
  EXPECT_EQ(agent.domain("rapl/package-0").charged, agent.domain("rapl/package-0").ceiling);
  EXPECT_EQ(agent.health("rapl/package-1"), Health::ok);
}

TEST(FaultsQ, Fault_silent_ignore) {
  Registers registers;
  registers.set("ignore_limits", 1);
  AgentInGuest agent;
  agent.order_budget(watts(220));
  ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-0") == Health::mismatch; }));
  agent.run(Seconds(10));
  EXPECT_EQ(limit("intel-rapl:0"), 125'000'000U);
  EXPECT_LE(limit("intel-rapl:1"), 95'000'000U);
}

TEST(FaultsQ, Fault_eio_on_write) {
  Registers registers;
  registers.set("fail_writes", 1);
  ASSERT_EQ(write_file(zone("intel-rapl:0") + "/constraint_0_power_limit_uw", "100000000"), ENODATA)
      << "6.12 tells an I/O error like a lock";
  AgentInGuest agent;
  agent.order_package(watts(100));
  agent.run(Seconds(3));
  EXPECT_NE(agent.domain("rapl/package-0").enforced, watts(100));
  EXPECT_EQ(agent.domain("rapl/package-0").charged, agent.domain("rapl/package-0").ceiling);
  registers.set("fail_writes", 0);
  ASSERT_TRUE(agent.run_until([&] { return limit("intel-rapl:0") == 100'000'000; })) << "a passing error passes";
}

TEST(FaultsQ, Fault_release_command) {
  Registers registers("disabled=2");
  AgentInGuest agent;
  core::CapOrder order = agent.next_order();
  order.spec.cpu_package = watts(90);
  order.spec.time_window = base::Milliseconds(1'000);
  agent.order(order);
  ASSERT_TRUE(agent.run_until([&] { return limit("intel-rapl:0") == 90'000'000 && enabled("intel-rapl:1") == "1"; }));
  EXPECT_EQ(read_file(zone("intel-rapl:0") + "/constraint_0_time_window_us"), "999424");
  ASSERT_EQ(write_file(zone("intel-rapl:0") + "/constraint_0_power_limit_uw", "60000000"), 0) << "somebody else";
  core::CapOrder release = agent.next_order();
  release.spec.release = true;
  agent.order(release);
  ASSERT_TRUE(agent.run_until([&] { return limit("intel-rapl:1") == 125'000'000; }));
  agent.run(Seconds(10));
  EXPECT_EQ(limit("intel-rapl:1", 1), 150'000'000U);
  EXPECT_EQ(enabled("intel-rapl:1"), "0");
  EXPECT_EQ(read_file(zone("intel-rapl:1") + "/constraint_0_time_window_us"), "249856");
  EXPECT_EQ(limit("intel-rapl:0"), 60'000'000U) << "a foreign value is left alone";
}

TEST(FaultsQ, Fault_max_power_0) {
  Registers registers("planes=1 psys=1");
  ASSERT_EQ(read_file(zone("intel-rapl:1") + "/constraint_0_max_power_uw"), "errno " + std::to_string(ENODATA));
  ASSERT_EQ(read_file(zone("intel-rapl:0:0") + "/constraint_0_max_power_uw"), "errno " + std::to_string(ENODATA));
  AgentInGuest agent;
  agent.order_package(watts(100));
  ASSERT_TRUE(agent.run_until([&] { return agent.domain("rapl/package-0").enforced == watts(100); }));
  EXPECT_FALSE(notices(agent, "DomainReadOnly"));
  EXPECT_EQ(agent.domain("rapl/package-0").ceiling, watts(125));
}

}  // namespace
}  // namespace headroom::guest
