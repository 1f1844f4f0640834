// A policy's performancePowerRatio over rounds of the caps loop, with the division that follows it and agents that
// obey.
#include "controller/ratios.h"

#include <gtest/gtest.h>

#include "test/unit/controller/world.h"
#include "test/unit/policy/allocate_fixture.h"

namespace headroom::controller::test {
namespace {

using base::Power;
using base::watts;

// Two machines of 100 W idle, both the members' alone, under a policy of 1500 W.
class RatioLoop : public testing::Test {
 protected:
  RatioLoop() {
    auto made = controller::test::policy("p");
    made.performance_power_ratio = model::PerformancePowerRatio{1.2, 10};
    world.policy(made);
    books = world.books();
    key = model::key_of(made);
    input.allocate = policy::test::room({policy::test::held("a", 800, 850), policy::test::held("b", 800, 850)}, 1700);
    policy::CapLimit& limit = input.allocate.limits[0];
    limit.kind = policy::LimitKind::policy;
    limit.name = key;
    limit.full = watts(1500);  // and 200 W that the machines draw idle
    input.allocate.now.mono = base::MonoTime(base::Seconds(3000));
  }
  // A round every 3 s; what is ordered is in force by the next one.
  void run(double performance, int seconds) {
    model::TelemetrySnapshot telemetry;
    for (int t = 0; t < seconds; t += 3) {
      input.allocate.now.mono += base::Seconds(3);
      input.allocate.now.wall += base::Seconds(3);
      telemetry.performance[key] = {performance, input.allocate.now.wall - age};
      scoring::CapInput round = input;
      ratios.put(round, *books, telemetry);
      capacity = round.allocate.limits[0].capacity;
      auto allocation = policy::allocate(round.allocate, std::move(memory));
      memory = std::move(allocation.memory);
      for (const policy::CapWrite& write : allocation.writes) {
        policy::test::store(input.allocate, write);
        policy::test::acknowledge(input.allocate.nodes[write.node], floor);
      }
      for (policy::CapNode& node : input.allocate.nodes) {
        node.measured = node.expected = std::min(wants, *node.cap->spec.budget);
      }
    }
  }
  // As run(100, ...), and nobody divides.
  void watch(int seconds) {
    model::TelemetrySnapshot telemetry;
    for (int t = 0; t < seconds; t += 3) {
      input.allocate.now.mono += base::Seconds(3);
      input.allocate.now.wall += base::Seconds(3);
      telemetry.performance[key] = {100, input.allocate.now.wall};
      scoring::CapInput round = input;
      ratios.put(round, *books, telemetry);
      capacity = round.allocate.limits[0].capacity;
    }
  }
  [[nodiscard]] Power budgets() const {
    Power sum;
    for (const auto& node : input.allocate.nodes) sum += *node.cap->spec.budget;
    return sum;
  }
  [[nodiscard]] const RatioFinding& finding() const { return ratios.findings().at(key); }

  World world;
  std::shared_ptr<const scoring::Books> books;
  std::string key;
  scoring::CapInput input;
  Ratios ratios;
  policy::AllocateMemory memory;
  Power wants = watts(800);
  std::int64_t floor = 150;
  base::Seconds age{0};
  Power capacity;
};

TEST_F(RatioLoop, LowersTheMembersCapsWhileTheWattsBuyTooLittle) {
  run(100, 369);  // five minutes to know the best, a minute to settle
  EXPECT_EQ(finding().verdict, policy::RatioVerdict::below) << "1400 of 1500 W for the best there was: 1.07";
  ASSERT_TRUE(finding().held_to);
  EXPECT_LT(*finding().held_to, watts(1400));
  EXPECT_EQ(capacity, *finding().held_to + watts(200));
  EXPECT_LE(budgets(), capacity);
}

TEST_F(RatioLoop, StopsWithinTheTolerance) {
  run(100, 1'800);
  EXPECT_EQ(finding().verdict, policy::RatioVerdict::within);
  EXPECT_NEAR(*finding().ratio, 1.2, 0.12);
  const Power before = budgets();
  run(100, 600);
  EXPECT_NEAR(base::to_watts(budgets()), base::to_watts(before), 5);
}

TEST_F(RatioLoop, GivesWattsBackWhenPerformanceFallsWithThem) {
  run(100, 1'800);
  const Power before = budgets();
  wants = watts(400);
  run(95, 900);
  EXPECT_GT(budgets(), before);
  EXPECT_EQ(finding().held_to, std::nullopt);
}

TEST_F(RatioLoop, NeverGoesBelowFloors) {
  floor = 800;
  for (auto& node : input.allocate.nodes) policy::test::acknowledge(node, floor);
  wants = watts(1000);
  run(100, 3'600);
  EXPECT_EQ(finding().verdict, policy::RatioVerdict::below);
  EXPECT_EQ(capacity, watts(1600));
  for (const auto& node : input.allocate.nodes) EXPECT_EQ(*node.cap->spec.budget, watts(800));
}

TEST_F(RatioLoop, MovesNothingWhilePaused) {
  input.allocate.settings.paused = true;
  run(100, 1'800);
  EXPECT_EQ(finding().verdict, policy::RatioVerdict::below);
  EXPECT_EQ(capacity, watts(1700));
}

TEST_F(RatioLoop, NorInModeRecommend) {
  input.allocate.limits[0].mode = model::EnforcementMode::recommend;
  watch(1'800);
  EXPECT_EQ(finding().verdict, policy::RatioVerdict::below);
  EXPECT_EQ(capacity, watts(1700));
}

TEST_F(RatioLoop, NorOnPerformanceThatIsOld) {
  age = base::Seconds(61);
  run(100, 1'800);
  EXPECT_EQ(finding().verdict, policy::RatioVerdict::no_data);
  EXPECT_EQ(capacity, watts(1700));
}

TEST_F(RatioLoop, NorOnWattsThatAreNotMetered) {
  run(100, 600);
  const Power held = capacity;
  model::TelemetrySnapshot telemetry;
  input.allocate.nodes[0].measured.reset();
  telemetry.performance[key] = {100, input.allocate.now.wall};
  scoring::CapInput round = input;
  ratios.put(round, *books, telemetry);
  EXPECT_EQ(finding().verdict, policy::RatioVerdict::no_data);
  EXPECT_EQ(round.allocate.limits[0].capacity, held);
}

TEST_F(RatioLoop, ComesToRestWithANarrowTolerance) {
  auto narrow = controller::test::policy("p");
  narrow.performance_power_ratio = model::PerformancePowerRatio{1.2, 1};
  World other;
  other.policy(narrow);
  books = other.books();
  run(100, 7'200);
  const Power before = budgets();
  for (int hour = 0; hour < 3; ++hour) {
    run(100, 600);
    EXPECT_EQ(budgets(), before);
  }
}

TEST_F(RatioLoop, WhatAnAgentOnlyObservesIsNoWattsToTake) {
  for (auto& node : input.allocate.nodes) {
    policy::test::change_cap(node, [](model::NodePowerCap& cap) { cap.status.state = model::CapState::observe; });
  }
  watch(1'800);
  EXPECT_EQ(finding().verdict, policy::RatioVerdict::below);
  EXPECT_EQ(capacity, watts(1700));
}

TEST_F(RatioLoop, FloorsThatRiseAreNotFoughtOver) {
  run(100, 1'200);
  ASSERT_LT(capacity, watts(1600));
  floor = 800;
  for (auto& node : input.allocate.nodes) policy::test::acknowledge(node, floor);
  run(100, 6);
  EXPECT_EQ(capacity, watts(1600));
  EXPECT_EQ(finding().held_to, watts(1400)) << "and that is what people are told";
}

TEST_F(RatioLoop, APolicyThatDropsTheFieldIsGivenItsWattsBackAndForgotten) {
  run(100, 1'200);
  ASSERT_LT(capacity, watts(1700));
  const auto with = books;
  World plain;
  plain.policy(controller::test::policy("p"));
  books = plain.books();
  run(100, 3);
  EXPECT_EQ(capacity, watts(1700));
  EXPECT_TRUE(ratios.findings().empty());
  books = with;
  run(100, 120);
  EXPECT_EQ(finding().lack, policy::RatioLack::best);
}

TEST_F(RatioLoop, LeavesTheLimitsOfOthersAlone) {
  policy::CapLimit other = input.allocate.limits[0];
  other.name = "llm/other";
  input.allocate.limits.push_back(other);
  other.kind = policy::LimitKind::element;
  other.name = key;
  input.allocate.limits.push_back(other);
  run(100, 1'800);
  scoring::CapInput round = input;
  ratios.put(round, *books, {});
  EXPECT_LT(round.allocate.limits[0].capacity, watts(1700));
  EXPECT_EQ(round.allocate.limits[1].capacity, watts(1700));
  EXPECT_EQ(round.allocate.limits[2].capacity, watts(1700));
}

}  // namespace
}  // namespace headroom::controller::test
