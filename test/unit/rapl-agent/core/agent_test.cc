// The chain from an order to a limit read back, on hardware in memory.
#include "rapl-agent/core/agent.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace headroom::rapl_agent::core::test
