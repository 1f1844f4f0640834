// Machines of other shapes, and their counters.
#include <gtest/gtest.h>

#include "test/e2e/kernel/cases/agent_in_guest.h"
#include "test/e2e/kernel/cases/guest_kernel.h"

namespace headroom::guest {
namespace {

using core::Health;

std::uint64_t limit_of(const std::string& name, const std::string& control_type = "intel-rapl") {
  return read_number(zone_named(name, control_type) + "/constraint_0_power_limit_uw");
}

double joules(const core::DomainReport& domain) {
  return base::to_joules(domain.energy_total);
}

TEST(FaultsQ, Fault_amd_energy_only) {
  Registers registers("energy_only=1");
  ASSERT_EQ(write_file(zone("intel-rapl:0") + "/enabled", "1"), ENOSYS);
  AgentInGuest agent;
  agent.order_budget(watts(150));
  agent.run(Seconds(30));
  EXPECT_EQ(agent.report().state, core::AgentState::observe);
  EXPECT_TRUE(agent.domain("rapl/package-0").metered_only);
  EXPECT_FALSE(agent.domain("rapl/package-0").cappable);
  EXPECT_EQ(agent.domain("rapl/package-0").writes_failed, 0U) << "no ENOSYS in a loop";
  EXPECT_FALSE(agent.report().hardware);
}

TEST(FaultsQ, Fault_psys_between_packages) {
  Registers registers("psys=1");
  ASSERT_EQ(read_file(zone("intel-rapl:1") + "/name"), "psys");
  ASSERT_EQ(read_file(zone("intel-rapl:2") + "/name"), "package-1");
  AgentInGuest agent;
  agent.order_package(watts(100));
  ASSERT_TRUE(agent.run_until([&] { return agent.report().observed.has_value(); }));
  EXPECT_EQ(limit_of("package-0"), 100'000'000U);
  EXPECT_EQ(limit_of("package-1"), 100'000'000U);
  EXPECT_EQ(limit_of("psys"), 125'000'000U);
  EXPECT_EQ(registers.get("foreign_writes"), 0U);
}

TEST(FaultsQ, Fault_mmio_and_msr) {
  Registers registers("mmio=1");
  AgentInGuest agent;
  agent.order_package(watts(100));
  ASSERT_TRUE(agent.run_until([&] { return agent.report().observed.has_value(); }));
  EXPECT_EQ(limit_of("package-0", "intel-rapl"), 100'000'000U);
  EXPECT_EQ(limit_of("package-0", "intel-rapl-mmio"), 100'000'000U);
  const auto& domains = agent.report().domains;
  EXPECT_EQ(std::count_if(domains.begin(), domains.end(), [](const auto& domain) { return domain.cappable; }), 2)
      << "two packages, one of them by two surfaces";
  ASSERT_EQ(write_file(zone_named("package-0", "intel-rapl-mmio") + "/constraint_0_power_limit_uw", "80000000"), 0);
  ASSERT_TRUE(agent.run_until([&] { return agent.domain("rapl/package-0").enforced == watts(80); }))
      << "the lower acts";
}

TEST(FaultsQ, Fault_pl4_present) {
  Registers registers("peak=1");
  ASSERT_EQ(read_file(zone("intel-rapl:0") + "/constraint_2_name"), "peak_power");
  ASSERT_EQ(read_file(zone("intel-rapl:0") + "/constraint_2_time_window_us"), "errno " + std::to_string(ENODATA));
  const std::string peak = read_file(zone("intel-rapl:0") + "/constraint_2_power_limit_uw");
  AgentInGuest agent;
  agent.order_package(watts(100));
  ASSERT_TRUE(agent.run_until([&] { return agent.report().observed.has_value(); }));
  EXPECT_EQ(agent.health("rapl/package-0"), Health::ok);
  EXPECT_EQ(read_file(zone("intel-rapl:0") + "/constraint_2_power_limit_uw"), peak);
}

TEST(FaultsQ, Fault_energy_wrap) {
  // A second before the 32-bit counter ends.
  Registers registers("energy_base=4293000000");
  AgentInGuest agent;
  agent.tick_now();
  ASSERT_TRUE(eventually([&] {
    agent.tick_now();
    return agent.domain("rapl/package-0").counter_wraps > 0;
  }));
  const double before = joules(agent.domain("rapl/package-0"));
  agent.tick_now();
  EXPECT_GE(joules(agent.domain("rapl/package-0")), before);
  EXPECT_LT(joules(agent.domain("rapl/package-0")), 10'000) << "no spike of a whole range";
}

TEST(FaultsQ, Fault_energy_goes_back) {
  Registers registers("energy_base=1000000000");
  AgentInGuest agent;
  const auto moved = [&](double than) {
    return eventually([&] {
      agent.tick_now();
      return joules(agent.domain("rapl/package-0")) > than;
    });
  };
  agent.tick_now();
  ASSERT_TRUE(moved(0));
  registers.set("energy_base", 0);
  ASSERT_TRUE(eventually([&] {
    agent.tick_now();
    return !agent.domain("rapl/package-0").samples_discarded.empty();
  }));
  const double at = joules(agent.domain("rapl/package-0"));
  EXPECT_LT(at, 10'000) << "the jump is not energy";
  EXPECT_TRUE(moved(at)) << "counted anew from there";
}

TEST(FaultsQ, Fault_energy_EINVAL) {
  Registers registers;
  AgentInGuest agent;
  agent.order_package(watts(100));
  ASSERT_TRUE(agent.run_until([&] { return agent.report().observed.has_value(); }));
  registers.set("fail_reads", 1);
  ASSERT_EQ(read_file(zone("intel-rapl:0") + "/energy_uj"), "errno " + std::to_string(EINVAL));
  agent.run(Seconds(10));
  EXPECT_FALSE(agent.domain("rapl/package-0").read_errors.empty());
  EXPECT_EQ(agent.domain("rapl/package-0").enforced, watts(100)) << "caps are not touched";
  EXPECT_EQ(limit_of("package-0"), 100'000'000U);
  EXPECT_EQ(agent.health("rapl/package-0"), Health::ok);
}

}  // namespace

// In a guest with one socket of two dies; the names tell.
TEST(FaultsQ, Fault_multi_die) {
  Registers registers("psys=1");
  ASSERT_NE(zone_named("package-0-die-0"), "") << "this guest has no package of two dies";
  AgentInGuest agent;
  agent.order_package(watts(160));
  ASSERT_TRUE(agent.run_until([&] { return agent.report().observed.has_value(); }));
  const std::uint64_t sum = limit_of("package-0-die-0") + limit_of("package-0-die-1");
  EXPECT_LE(sum, 160'000'000U) << "the dies share their package's cap";
  EXPECT_GT(sum, 155'000'000U);
  EXPECT_TRUE(agent.domain("rapl/package-0-die-0").cappable);
  EXPECT_TRUE(agent.domain("rapl/package-0-die-1").cappable);
}

}  // namespace headroom::guest
