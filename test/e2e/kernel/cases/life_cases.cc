// What comes and goes: zones, drivers, hangs, sleep, the agent itself.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "test/e2e/kernel/cases/agent_in_guest.h"
#include "test/e2e/kernel/cases/guest_kernel.h"

namespace headroom::guest {
namespace {

using core::Health;

std::uint64_t limit(const std::string& id, int constraint = 0) {
  return read_number(zone(id) + "/constraint_" + std::to_string(constraint) + "_power_limit_uw");
}

void settle(AgentInGuest& agent, base::Power cap) {
  agent.order_package(cap);
  ASSERT_TRUE(agent.run_until([&] { return agent.report().observed.has_value(); }));
}

// Package 1 is switched on again, whatever becomes of the case.
struct Package1Off {
  Package1Off() { switch_package_1(Power::off); }
  ~Package1Off() {
    if (off) switch_package_1(Power::on);
  }
  Package1Off(const Package1Off&) = delete;
  Package1Off& operator=(const Package1Off&) = delete;
  void end() { switch_package_1(Power::on), off = false; }
  bool off = true;
};

TEST(FaultsQ, Fault_zone_vanishes) {
  Registers registers;
  AgentInGuest agent;
  settle(agent, watts(100));
  const int held = ::open((zone("intel-rapl:1") + "/energy_uj").c_str(), O_RDONLY | O_CLOEXEC);
  const Package1Off off;
  char byte = 0;
  EXPECT_EQ(::read(held, &byte, 1), -1);
  EXPECT_EQ(errno, ENODEV);
  ::close(held);
  ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-1") == Health::lost; }));
  agent.run(Seconds(40));
  EXPECT_EQ(agent.domain("rapl/package-1").charged, watts(0)) << "its CPUs are off";
  EXPECT_EQ(agent.health("rapl/package-0"), Health::ok);
}

TEST(FaultsQ, Fault_zone_returns_enabled_0) {
  Registers registers;
  AgentInGuest agent;
  settle(agent, watts(77));
  {
    Package1Off off;
    ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-1") == Health::lost; }));
    off.end();
  }
  ASSERT_EQ(limit("intel-rapl:1"), 77'000'000U) << "the kernel keeps the number";
  ASSERT_EQ(read_file(zone("intel-rapl:1") + "/enabled"), "0") << "and switches the limit off";
  agent.run(Seconds(35));
  EXPECT_EQ(read_file(zone("intel-rapl:1") + "/enabled"), "1") << "one rescan later";
  EXPECT_EQ(limit("intel-rapl:1"), 77'000'000U);
  EXPECT_EQ(agent.health("rapl/package-1"), Health::ok);
}

TEST(FaultsQ, Fault_unload_driver) {
  Registers registers;
  AgentInGuest agent;
  settle(agent, watts(80));
  registers.unload();
  ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-0") == Health::lost; }));
  registers.load("disabled=3");
  ASSERT_TRUE(
      agent.run_until([&] { return limit("intel-rapl:0") == 80'000'000 && limit("intel-rapl:1") == 80'000'000; }));
  agent.run(Seconds(5));
  EXPECT_EQ(read_file(zone("intel-rapl:0") + "/enabled"), "1");
  EXPECT_EQ(agent.health("rapl/package-0"), Health::ok);
}

TEST(FaultsQ, Fault_hung_read) {
  Registers registers;
  AgentInGuest agent;
  settle(agent, watts(100));
  registers.set("hang_reads", 1);
  ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-0") == Health::hung; }));
  agent.order_package(watts(90));
  ASSERT_TRUE(agent.run_until([&] { return limit("intel-rapl:1") == 90'000'000; })) << "other domains go on";
  registers.set("hang_reads", 0);
}

TEST(FaultsQ, Fault_hang_recovers) {
  Registers registers;
  AgentInGuest agent;
  settle(agent, watts(100));
  registers.set("hang_writes", 1);
  agent.order_package(watts(90));
  ASSERT_TRUE(agent.run_until([&] { return agent.health("rapl/package-0") == Health::hung; }));
  EXPECT_EQ(agent.domain("rapl/package-0").charged, agent.domain("rapl/package-0").ceiling);
  registers.set("hang_writes", 0);
  ASSERT_TRUE(agent.run_until(
      [&] { return agent.health("rapl/package-0") == Health::ok && limit("intel-rapl:0") == 90'000'000; }));
}

TEST(FaultsQ, Fault_sigkill_then_restart) {
  Registers registers;
  AgentInGuest agent;
  settle(agent, watts(90));
  agent.kill();
  EXPECT_EQ(limit("intel-rapl:0"), 90'000'000U) << "the kernel keeps a dead agent's cap";
  agent.restart();
  agent.run(Seconds(5));
  EXPECT_EQ(limit("intel-rapl:0"), 90'000'000U);
  EXPECT_EQ(agent.domain("rapl/package-0").original, watts(125)) << "from the journal, not from the register";
  core::CapOrder release = agent.next_order();
  release.spec.release = true;
  agent.order(release);
  EXPECT_TRUE(agent.run_until([&] { return limit("intel-rapl:0") == 125'000'000; }));
}

TEST(FaultsQ, Fault_sigterm_default) {
  Registers registers;
  AgentInGuest agent;
  settle(agent, watts(90));
  agent.stop();
  EXPECT_EQ(agent.report().state, core::AgentState::stopping);
  agent.kill();
  EXPECT_EQ(limit("intel-rapl:0"), 90'000'000U);
  agent.restart();
  agent.run(Seconds(2));
  EXPECT_EQ(agent.domain("rapl/package-0").original, watts(125));
}

base::Milliseconds boot_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return base::Milliseconds(time.tv_sec * 1000 + time.tv_nsec / 1'000'000);
}

// The host wakes the guest by its second serial line. (This guest's idle loop does not stop the kernel's clocks in
// s2idle, so CLOCK_MONOTONIC goes on like CLOCK_BOOTTIME: that the two differ is not shown here.)
void sleep_to_idle() {
  const int line = ::open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(line, 0);
  ASSERT_EQ(write_file("/sys/class/tty/ttyS1/power/wakeup", "enabled"), 0);
  tell_host("sleeps");
  EXPECT_EQ(write_file("/sys/power/state", "freeze"), 0);
  tell_host("woke");
  ::close(line);
}

TEST(FaultsQ, Fault_suspend) {
  Registers registers;
  AgentOptions options = enforcing();
  options.settings.timing = core::scaled(core::Timing{}, 20);
  AgentInGuest agent(options);
  agent.forget();
  agent.restart();
  core::CapOrder order = agent.next_order();
  order.spec.cpu_package = watts(100);
  order.spec.budget = watts(220);
  order.spec.fallback = watts(160);
  agent.order(order);
  ASSERT_TRUE(eventually([&] {
    agent.tick_now();
    return agent.report().observed.has_value();
  }));
  const auto before = boot_clock();
  sleep_to_idle();
  EXPECT_GT((boot_clock() - before).count(), 1'500) << "longer than the heartbeat's 1 s at this scale";
  agent.tick_silently();
  const auto state = agent.report().state;
  EXPECT_TRUE(state == core::AgentState::holding || state == core::AgentState::safe) << "the silence counts the sleep";
  EXPECT_LT(base::to_joules(agent.domain("rapl/package-0").energy_total), 10'000);
  ASSERT_TRUE(eventually([&] {
    agent.tick_now();
    return agent.report().state == core::AgentState::active && limit("intel-rapl:0") == 100'000'000;
  }));
}

}  // namespace
}  // namespace headroom::guest
