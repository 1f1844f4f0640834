// The agent's loop over real helpers and the stub library, beside packages in memory: what the faults of rows 51 to 59,
// 64, 85 and 87 lead to.
#include <gmock/gmock.h>

#include "test/integration/rapl-agent/gpu/helper_fixture.h"
#include "test/unit/rapl-agent/core/agent_world.h"

namespace headroom::rapl_agent::gpu {
namespace {

using base::Seconds;
using core::Health;
using core::test::order_of;

class AgentFaultsN : public HelperTest {
 protected:
  // Two packages of 125 W and the stub's GPUs, under one agent whose time the test moves.
  void start(std::uint32_t gpus) {
    use(gpus);
    started();
    for (int package = 0; package < 2; ++package) world_.hardware.add_package(package);
    world_.agent = std::make_unique<core::Agent>(
        world_.settings,
        core::Agent::Parts{
            {world_.hardware.source(), {"nvml", &*client_, &*client_}}, &world_.journal, &world_.inbox, &world_.outbox},
        world_.recovered, world_.now);
  }
  void budget(std::int64_t watts, Seconds length = Seconds(60)) {
    world_.give(order_of(++sequence_, base::watts(watts)));
    world_.run(length);
  }
  [[nodiscard]] const core::DomainReport& gpu(std::uint32_t place) { return world_.domain(limit_of(place).domain); }
  [[nodiscard]] base::Power set_limit(std::uint32_t place) {
    return base::microwatts(static_cast<std::int64_t>(stub_->device(place).limit_mw) * 1'000);
  }
  [[nodiscard]] base::Power sum_of_charges() {
    base::Power sum;
    for (const auto& domain : world_.report().domains) sum += domain.charged;
    return sum;
  }

  core::test::AgentWorld world_;
  std::int64_t sequence_ = 0;
};

TEST_F(AgentFaultsN, a_budget_caps_gpus_and_packages_together) {
  start(2);
  budget(1'000);
  EXPECT_EQ(world_.report().state, core::AgentState::active);
  EXPECT_EQ(world_.report().observed->stamp.sequence, 1);
  EXPECT_LE(sum_of_charges(), base::watts(1'000));
  EXPECT_LT(set_limit(0), base::watts(700));
  EXPECT_EQ(gpu(0).enforced, set_limit(0));
}

// Row 51.
TEST_F(AgentFaultsN, Fault_nvml_no_permission) {
  start(1);
  stub_->fail(StubCall::set_limit_v2, 4);
  budget(900);
  EXPECT_EQ(gpu(0).health, Health::readonly);
  EXPECT_THAT(gpu(0).detail, testing::HasSubstr("SYS_ADMIN"));
  EXPECT_LE(sum_of_charges(), base::watts(900)) << "the packages made room";
}

// Row 54.
TEST_F(AgentFaultsN, Fault_gpu_lost) {
  start(2);
  budget(1'000);
  stub_->lose(0);
  world_.run(Seconds(60));
  EXPECT_EQ(gpu(0).health, Health::lost);
  EXPECT_EQ(gpu(0).charged, base::watts(700)) << "its ceiling stays in the sum";
  stub_->reorder({1});
  world_.run(Seconds(60));
  EXPECT_EQ(gpu(0).charged, base::Power{}) << "gone from the bus";
}

// Row 55.
TEST_F(AgentFaultsN, Fault_gpu_reattach) {
  start(2);
  budget(1'000);
  const auto cap = set_limit(0);
  stub_->lose(0);
  world_.run(Seconds(5));
  stub_->lose(0, 0);
  stub_->device(0).limit_mw = 700'000;
  stub_->reorder({1, 0});
  // The helper pauses on its own time between two attachments, the agent's moves with the test.
  EXPECT_TRUE(eventually([&] {
    world_.run(Seconds(30));
    return gpu(0).health == Health::ok && set_limit(0) < base::watts(700);
  }));
  EXPECT_LE(sum_of_charges(), base::watts(1'000));
  EXPECT_NEAR(base::to_watts(set_limit(0)), base::to_watts(cap), 120) << "capped again, at a like value";
}

// Row 56.
TEST_F(AgentFaultsN, Fault_enforced_below_requested) {
  start(2);
  stub_->device(0).out_of_band_mw = 250'000;
  budget(1'000);
  EXPECT_EQ(gpu(0).health, Health::ok) << gpu(0).detail;
  EXPECT_EQ(gpu(0).enforced, base::watts(250));
  EXPECT_LE(gpu(0).charged, base::watts(250));
}

// Row 57.
TEST_F(AgentFaultsN, Fault_limit_reset_to_default) {
  start(1);
  budget(600);
  const auto cap = set_limit(0);
  ASSERT_LT(cap, base::watts(700));
  stub_->device(0).limit_mw = stub_->device(0).default_mw.load();
  world_.run(Seconds(10));
  EXPECT_EQ(set_limit(0), cap);
  EXPECT_GE(gpu(0).external_changes, 1U);
}

// Row 59.
TEST_F(AgentFaultsN, Fault_nvml_hang_forever) {
  deadline_ = base::Milliseconds(100);
  start(1);
  budget(600);
  stub_->hang(StubCall::limit);
  world_.run(Seconds(10));
  EXPECT_EQ(gpu(0).health, Health::hung);
  EXPECT_EQ(gpu(0).charged, base::watts(700));
  EXPECT_LE(world_.hardware.limit("rapl/package-0"), base::watts(125));
  stub_->mend(StubCall::limit);
  // The helper answers on its own time, the agent's moves with the test.
  EXPECT_TRUE(eventually([&] {
    world_.run(Seconds(5));
    return gpu(0).health == Health::ok;
  }));
}

// Row 64.
TEST_F(AgentFaultsN, Fault_lower_fails_then_raise) {
  start(2);
  budget(1'000);
  // The next order takes from GPU 0 and would give to the packages; GPU 0 does not follow.
  stub_->fail(0, StubCall::set_limit_v2, 17'000);
  const auto before = set_limit(0);
  stub_->device(1).power_mw = 690'000;
  stub_->device(0).power_mw = 210'000;
  budget(900, Seconds(20));
  EXPECT_EQ(set_limit(0), before);
  EXPECT_LE(sum_of_charges(), base::watts(900) + world_.report().shortfall);
}

// Row 85.
TEST_F(AgentFaultsN, Fault_emergency_brake) {
  start(4);
  budget(4 * 700 + 250);
  auto order = order_of(++sequence_, base::watts(4 * 700 + 250));
  order.spec.brake_until = *world_.inbox.view.heartbeat + Seconds(20);
  world_.give(order);
  const auto before = clock_.mono_now();
  world_.tick();
  EXPECT_LT(clock_.mono_now() - before, Seconds(1));
  for (std::uint32_t place = 0; place < 4; ++place) EXPECT_EQ(set_limit(place), base::watts(200)) << place;
  EXPECT_EQ(world_.report().state, core::AgentState::emergency);
}

// Row 87.
TEST_F(AgentFaultsN, Fault_idr_64_zones_16_gpus) {
  use(16);
  started();
  for (int package = 0; package < 64; ++package) world_.hardware.add_package(package);
  world_.agent = std::make_unique<core::Agent>(
      world_.settings,
      core::Agent::Parts{
          {world_.hardware.source(), {"nvml", &*client_, &*client_}}, &world_.journal, &world_.inbox, &world_.outbox},
      world_.recovered, world_.now);
  budget(16 * 500 + 64 * 100);
  EXPECT_EQ(world_.report().domains.size(), 80U);
  EXPECT_LE(sum_of_charges(), base::watts(16 * 500 + 64 * 100));
  // How long a cycle takes is the benchmark's to tell; here, that it is no matter of seconds.
  const auto before = clock_.mono_now();
  world_.run(Seconds(1));
  EXPECT_LT(clock_.mono_now() - before, Seconds(2));
}

}  // namespace
}  // namespace headroom::rapl_agent::gpu
