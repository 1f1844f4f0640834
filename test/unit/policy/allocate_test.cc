// What one round orders, one situation at a time. Whole days and random faults: allocate_property_test, plant_day_test.
#include "policy/allocate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/policy/allocate_fixture.h"

namespace headroom::policy {
namespace {

using base::watts;
using test::held;
using test::node;
using test::room;
using test::write_for;
using testing::IsEmpty;

// ---- who is capped at all

TEST(Allocate, OrdersNothingWhereNothingAsksForIt) {
  auto input = room({node("a", 300), node("b", 300)});
  input.limits.clear();
  for (auto& one : input.nodes) one.limits.clear();
  EXPECT_THAT(allocate(input, {}).writes, IsEmpty());
}

TEST(Allocate, NeedsNoCapsUnderALimitThatTheClassMaximaFit) {
  EXPECT_THAT(allocate(room({node("a", 900), node("b", 900)}, 2000), {}).writes, IsEmpty());
}

TEST(Allocate, DividesALimitThatTheClassMaximaDoNotFit) {
  const auto allocation = allocate(room({node("a", 300), node("b", 300)}, 1500), {});
  ASSERT_EQ(allocation.writes.size(), 2U);
  base::Power sum;
  for (const CapWrite& write : allocation.writes) {
    EXPECT_EQ(write.cause, WriteCause::first);
    EXPECT_TRUE(write.create);
    EXPECT_EQ(write.spec.reserve, watts(60));
    sum += *write.spec.budget;
  }
  EXPECT_LE(sum, watts(1500));
  EXPECT_GE(sum, watts(1498)) << "what the limit leaves over is dealt out";
  EXPECT_EQ(allocation.writes[0].spec.budget, allocation.writes[1].spec.budget);
}

TEST(Allocate, LeavesNodesThatAreNotOptedInAlone) {
  auto input = room({node("a", 300), node("b", 300)}, 1500);
  input.nodes[0].opted_in = false;
  const auto allocation = allocate(input, {});
  EXPECT_EQ(write_for(allocation, 0), nullptr);
  EXPECT_EQ(allocation.limits[0].uncontrolled, 1U);
}

TEST(Allocate, OrdersNothingForALimitThatRecommendsAndSaysWhatItWould) {
  auto input = room({node("a", 300), node("b", 300)}, 1500);
  input.limits[0].mode = model::EnforcementMode::recommend;
  const auto allocation = allocate(input, {});
  EXPECT_THAT(allocation.writes, IsEmpty());
  EXPECT_EQ(allocation.nodes[0].recommended, watts(749));
}

TEST(Allocate, CapsOnlySoManyNewNodesAMinute) {
  auto input = room({node("a", 300), node("b", 300), node("c", 300)}, 1500);
  input.settings.newly_capped_a_minute = 1;
  auto first = allocate(input, {});
  ASSERT_EQ(first.writes.size(), 1U);
  test::store(input, first.writes[0]);
  input.now.mono += base::Seconds(59);
  auto second = allocate(input, std::move(first.memory));
  EXPECT_EQ(write_for(second, 1), nullptr);
  input.now.mono += base::Seconds(2);
  EXPECT_NE(write_for(allocate(input, std::move(second.memory)), 1), nullptr);
}

// ---- what policies declare

TEST(Allocate, CarriesExplicitCapsWithoutAnyLimit) {
  auto input = room({node("a", 300)});
  input.limits.clear();
  input.nodes[0].limits.clear();
  input.nodes[0].asked.cpu_package = watts(120);
  input.nodes[0].asked.gpu = watts(300);
  input.nodes[0].asked.short_term_percent = 115;
  const auto allocation = allocate(input, {});
  ASSERT_EQ(allocation.writes.size(), 1U);
  const model::NodePowerCapSpec& spec = allocation.writes[0].spec;
  EXPECT_EQ(spec.budget, std::nullopt) << "nothing bounds the node as a whole";
  EXPECT_EQ(spec.cpu_package, watts(120));
  EXPECT_EQ(spec.gpu, watts(300));
  EXPECT_EQ(spec.short_term_percent, 115);
  EXPECT_EQ(spec.fallback, std::nullopt);
}

TEST(Allocate, TakesNodeWattsAsTheBudget) {
  auto input = room({node("a", 300)});
  input.limits.clear();
  input.nodes[0].limits.clear();
  input.nodes[0].asked.node = watts(500);
  const auto allocation = allocate(input, {});
  ASSERT_EQ(allocation.writes.size(), 1U);
  EXPECT_EQ(allocation.writes[0].spec.budget, watts(500));
  test::store(input, allocation.writes[0]);
  test::acknowledge(input.nodes[0]);
  EXPECT_THAT(allocate(input, {}).writes, IsEmpty()) << "nothing is written twice";
}

TEST(Allocate, TakesExplicitCapsBackByReleaseWhenNothingAsksAnyMore) {
  auto input = room({held("a", 300, 500)});
  input.limits.clear();
  input.nodes[0].limits.clear();
  const auto allocation = allocate(input, {});
  ASSERT_EQ(allocation.writes.size(), 1U);
  EXPECT_EQ(allocation.writes[0].cause, WriteCause::release);
  EXPECT_TRUE(allocation.writes[0].spec.release);
}

TEST(Allocate, KeepsExplicitCapsAndNodeWattsInsideTheShareOfALimit) {
  auto input = room({node("a", 300), node("b", 300)}, 1500);
  input.nodes[0].asked.node = watts(400);
  input.nodes[0].asked.gpu = watts(200);
  const auto allocation = allocate(input, {});
  EXPECT_EQ(write_for(allocation, 0)->spec.budget, watts(400));
  EXPECT_EQ(write_for(allocation, 0)->spec.gpu, watts(200));
  EXPECT_EQ(write_for(allocation, 1)->spec.budget, watts(1000)) << "the other gets what is left, up to its maximum";
}

TEST(Allocate, SaysWhereWhatIsAskedLiesBelowTheFloor) {
  auto input = room({held("a", 300, 500)}, 1500);
  input.nodes[0].asked.node = watts(120);
  const auto allocation = allocate(input, {});
  EXPECT_TRUE(allocation.nodes[0].below_floor);
  EXPECT_EQ(write_for(allocation, 0)->spec.budget, watts(150));
}

}  // namespace
}  // namespace headroom::policy
