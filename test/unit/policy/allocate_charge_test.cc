// What one round may write, and what it does when something is past its limit: charges, stamps, releases, brakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/policy/allocate_fixture.h"

namespace headroom::policy {
namespace {

using base::watts;
using test::change_cap;
using test::held;
using test::node;
using test::orders;
using test::room;
using test::write_for;
using testing::IsEmpty;

// ---- raises

TEST(AllocateCharge, RaisesTheHungryFirstWithinWhatIsLeft) {
  // 300 W are left; a is held back and b is not.
  auto input = room({held("a", 400, 400), held("b", 500, 800)}, 1500);
  const auto allocation = allocate(input, {});
  const CapWrite* write = write_for(allocation, 0);
  ASSERT_NE(write, nullptr);
  EXPECT_EQ(write->cause, WriteCause::raise);
  EXPECT_GT(*write->spec.budget, watts(480));
  EXPECT_LE(*write->spec.budget, watts(700));
}

TEST(AllocateCharge, LowersOthersFirstAndRaisesOnlyWhenThatIsAcknowledged) {
  auto input = room({held("a", 400, 400), held("b", 500, 1000)}, 1400);
  auto first = allocate(input, {});
  ASSERT_EQ(orders(first).size(), 1U);
  const CapWrite& lower = *write_for(first, 1);
  EXPECT_EQ(lower.cause, WriteCause::lower);
  EXPECT_GE(*lower.spec.budget, watts(550)) << "at least 10 % above what it draws";
  test::store(input, lower);
  auto second = allocate(input, std::move(first.memory));
  EXPECT_EQ(write_for(second, 0), nullptr) << "the lower order may not have arrived";
  test::acknowledge(input.nodes[1]);
  const auto third = allocate(input, std::move(second.memory));
  ASSERT_NE(write_for(third, 0), nullptr);
  EXPECT_EQ(write_for(third, 0)->cause, WriteCause::raise);
}

TEST(AllocateCharge, LeavesBudgetsAloneThatHoldNobodyBack) {
  EXPECT_THAT(orders(allocate(room({held("a", 300, 700), held("b", 500, 800)}, 1500), {})), IsEmpty());
}

TEST(AllocateCharge, DoesNotRaiseForLessThanAStep) {
  // 15 W are left over.
  EXPECT_THAT(orders(allocate(room({held("a", 630, 700), held("b", 500, 785)}, 1500), {})), IsEmpty());
}

TEST(AllocateCharge, RaisesNothingWhilePausedAndLowersStill) {
  auto input = room({held("a", 400, 400), held("b", 500, 600)}, 1500);
  input.settings.paused = true;
  EXPECT_THAT(allocate(input, {}).writes, IsEmpty());
  input.limits[0].capacity = watts(800);
  const auto allocation = allocate(input, {});
  ASSERT_EQ(allocation.writes.size(), 1U);
  EXPECT_EQ(allocation.writes[0].cause, WriteCause::lower);
}

TEST(AllocateCharge, NeverLowersBelowTheFloorAndSaysWhatIsMissing) {
  auto input = room({held("a", 400, 400), held("b", 500, 600)}, 200);
  const auto allocation = allocate(input, {});
  EXPECT_EQ(write_for(allocation, 0)->spec.budget, watts(150));
  EXPECT_EQ(write_for(allocation, 1)->spec.budget, watts(150));
  EXPECT_EQ(allocation.limits[0].shortfall, watts(100));
  EXPECT_EQ(allocation.limits[0].excess, watts(800));
}

TEST(AllocateCharge, ServesHigherPrioritiesFirst) {
  auto input = room({held("a", 600, 600), held("b", 600, 600)}, 900);
  input.nodes[1].priority = 10;
  const auto allocation = allocate(input, {});
  EXPECT_LE(write_for(allocation, 0)->spec.budget, watts(300));
  EXPECT_EQ(write_for(allocation, 1), nullptr) << "it keeps what it has";
}

TEST(AllocateCharge, CountsAWriteWhoseOutcomeNobodyKnows) {
  auto input = room({held("a", 400, 400), held("b", 500, 800)}, 1500);
  input.nodes[1].in_flight = watts(1000);
  const auto allocation = allocate(input, {});
  ASSERT_NE(write_for(allocation, 0), nullptr);
  EXPECT_LE(*write_for(allocation, 0)->spec.budget, watts(500));
  EXPECT_EQ(allocation.limits[0].charged, watts(1400));
}

TEST(AllocateCharge, CarriesWhatIsNotAcknowledgedYet) {
  auto input = room({held("a", 300, 900), held("b", 300, 900)}, 1000);
  change_cap(input.nodes[0], [](model::NodePowerCap& cap) {
    cap.spec.stamp.sequence = 3;
    cap.spec.budget = watts(800);
    cap.spec.unacknowledged_budget = watts(850);
  });
  const auto allocation = allocate(input, {});
  EXPECT_EQ(write_for(allocation, 0)->spec.unacknowledged_budget, watts(850));
  EXPECT_EQ(write_for(allocation, 1)->spec.unacknowledged_budget, std::nullopt);
}

// ---- nodes that no order reaches

TEST(AllocateCharge, DoesNotThrottleACanaryBecauseOthersMightDraw) {
  // Two of three are not opted in and count 1000 W each: over the limit on paper, far below it in fact.
  auto input = room({held("a", 300, 1000), node("b", 300), node("c", 300)}, 2000);
  input.nodes[1].opted_in = input.nodes[2].opted_in = false;
  const auto calm = allocate(input, {});
  EXPECT_THAT(orders(calm), IsEmpty());
  EXPECT_EQ(calm.limits[0].uncontrolled, 2U);
  EXPECT_EQ(calm.limits[0].excess, watts(1000)) << "not ours, and said";
  // Now they do draw.
  for (auto& one : input.nodes) one.measured = one.expected = watts(800);
  input.limits[0].load = watts(2400);
  EXPECT_EQ(write_for(allocate(input, {}), 0)->cause, WriteCause::lower);
}

TEST(AllocateCharge, CountsASilentAgentAtTheClassMaximumAndLowersOthersForIt) {
  auto input = room({held("a", 300, 700), held("b", 300, 700)}, 1450);
  input.nodes[0].agent = AgentPresence::unready_past_grace;
  const auto allocation = allocate(input, {});
  EXPECT_EQ(allocation.limits[0].charged, watts(1700));
  ASSERT_NE(write_for(allocation, 1), nullptr);
  EXPECT_LE(*write_for(allocation, 1)->spec.budget, watts(450));
}

TEST(AllocateCharge, KeepsTheChargeOfADeletedNode) {
  auto input = room({held("a", 300, 500), held("b", 700, 700)}, 1200);
  auto first = allocate(input, {});
  input.nodes[0].deleted = true;
  input.nodes[0].cap = nullptr;
  const auto second = allocate(input, std::move(first.memory));
  EXPECT_EQ(second.limits[0].charged, watts(1200));
  EXPECT_EQ(write_for(second, 1), nullptr) << "its 500 W are not free yet";
  EXPECT_EQ(allocate(input, {}).limits[0].charged, watts(1700)) << "a leader that does not know counts it in full";
}

// ---- leaders

TEST(AllocateCharge, ANewLeaderLowersAtOnceAndStampsAllBeforeItRaises) {
  auto input = room({held("a", 400, 400), held("b", 300, 500)}, 1500);
  input.settings.epoch = 2;
  auto first = allocate(input, {});
  ASSERT_EQ(first.writes.size(), 2U);
  for (const CapWrite& write : first.writes) {
    EXPECT_EQ(write.cause, WriteCause::stamp);
    test::store(input, write);
  }
  EXPECT_EQ(input.nodes[0].cap->spec.budget, watts(400));
  EXPECT_EQ(write_for(allocate(input, {}), 0)->cause, WriteCause::raise);

  auto other = room({held("a", 400, 900), held("b", 300, 900)}, 1500);
  other.settings.epoch = 2;
  for (const CapWrite& write : allocate(other, {}).writes) EXPECT_NE(write.cause, WriteCause::raise);
  EXPECT_EQ(allocate(other, {}).writes[0].cause, WriteCause::lower);
}

// ---- release

TEST(AllocateCharge, ReleasesOnlyWhereTheClassMaximumFits) {
  auto input = room({held("a", 300, 700), held("b", 300, 700)}, 1500);
  input.nodes[0].opted_in = false;
  auto refused = allocate(input, {});
  EXPECT_EQ(write_for(refused, 0), nullptr);
  EXPECT_TRUE(refused.nodes[0].release_refused);
  EXPECT_EQ(refused.nodes[0].release_refused_by, 0U);
  // The other, which does not need its 700 W, makes room for it.
  ASSERT_NE(write_for(refused, 1), nullptr);
  test::store(input, *write_for(refused, 1));
  test::acknowledge(input.nodes[1]);
  const auto honoured = allocate(input, {});
  ASSERT_NE(write_for(honoured, 0), nullptr);
  EXPECT_EQ(write_for(honoured, 0)->cause, WriteCause::release);
  EXPECT_TRUE(write_for(honoured, 0)->spec.release);
}

TEST(AllocateCharge, RefusesAReleaseThatPeopleAskForWhileALimitNeedsTheCap) {
  auto input = room({held("a", 300, 700), held("b", 300, 700)}, 1400);
  change_cap(input.nodes[0], [](model::NodePowerCap& cap) { cap.release_requested = true; });
  const auto needed = allocate(input, {});
  EXPECT_EQ(write_for(needed, 0), nullptr);
  EXPECT_TRUE(needed.nodes[0].release_refused);
  EXPECT_EQ(needed.nodes[0].release_refused_by, 0U);
  input.limits[0].capacity = watts(2000);
  EXPECT_TRUE(write_for(allocate(input, {}), 0)->spec.release);
}

TEST(AllocateCharge, RefusesAReleaseThatAPolicyForbids) {
  auto input = room({held("a", 300, 700)}, 1500);
  input.nodes[0].asked.node = watts(700);
  change_cap(input.nodes[0], [](model::NodePowerCap& cap) { cap.release_requested = true; });
  const auto allocation = allocate(input, {});
  EXPECT_TRUE(allocation.nodes[0].release_refused);
  EXPECT_EQ(allocation.nodes[0].release_refused_by, std::nullopt);
}

// ---- fallback, hard limit

TEST(AllocateCharge, FallbacksFitEveryLimitAndNoBudget) {
  auto input = room({node("a", 300), node("b", 900), node("c", 200)}, 1500);
  const auto allocation = allocate(input, {});
  base::Power sum;
  for (const CapWrite& write : allocation.writes) {
    ASSERT_TRUE(write.spec.fallback.has_value());
    EXPECT_LE(*write.spec.fallback, *write.spec.budget);
    EXPECT_GE(*write.spec.fallback, watts(100));
    sum += *write.spec.fallback;
  }
  EXPECT_LE(sum, watts(1500));
}

TEST(AllocateCharge, HardLimitsStayBelowWhatTrips) {
  auto input = room({node("a", 300), node("b", 300)}, 1600);
  input.limits[0].emergency = watts(2000);
  for (const CapWrite& write : allocate(input, {}).writes) {
    EXPECT_LE(write.spec.hard_limit->count(), write.spec.budget->count() * 5 / 4);
    EXPECT_GT(*write.spec.hard_limit, *write.spec.budget);
  }
}

// ---- emergency

TEST(AllocateCharge, BrakesTheLowestPriorityUntilTheOverloadEnds) {
  auto input = room({held("a", 900, 900), held("b", 900, 900), held("c", 900, 900)}, 2000);
  input.nodes[0].priority = 5;
  input.nodes[1].priority = 1;
  input.nodes[2].priority = 9;
  input.limits[0].emergency = watts(2500);
  auto first = allocate(input, {});
  EXPECT_EQ(first.writes[0].node, 1U);
  EXPECT_EQ(first.writes[0].cause, WriteCause::brake);
  EXPECT_EQ(first.writes[0].spec.brake_until, input.now.wall + base::Seconds(30));
  EXPECT_NE(write_for(first, 0)->cause, WriteCause::brake) << "the first one's 750 W are enough";
  EXPECT_TRUE(first.limits[0].braking);

  // Above the limit but out of danger: it goes on, renewed when half of it is gone. Below the limit it ends.
  test::store(input, first.writes[0]);
  test::acknowledge(input.nodes[1]);
  input.limits[0].load = watts(2100);
  auto second = allocate(input, std::move(first.memory));
  EXPECT_TRUE(second.limits[0].braking);
  input.now.wall += base::Seconds(16);
  auto third = allocate(input, second.memory);
  EXPECT_EQ(write_for(third, 1)->spec.brake_until, input.now.wall + base::Seconds(30));
  input.limits[0].load = watts(1900);
  EXPECT_FALSE(allocate(input, std::move(second.memory)).limits[0].braking);
}

TEST(AllocateCharge, ABrakeOverManyNodesLastsLongerSoThatRenewalsLeaveRoomForOtherWrites) {
  std::vector<CapNode> nodes;
  for (int i = 1000; i < 2000; ++i) nodes.push_back(held(std::to_string(i), 900, 900));
  auto input = room(std::move(nodes), 200'000);
  input.limits[0].emergency = watts(250'000);
  const auto allocation = allocate(input, {});
  std::size_t braked = 0;
  for (const CapWrite& write : allocation.writes) {
    if (write.cause != WriteCause::brake) continue;
    ++braked;
    EXPECT_EQ(write.spec.brake_until, input.now.wall + base::Milliseconds(80) * 934);
  }
  EXPECT_EQ(braked, 934U) << "700 kW of overload, 750 W each";
}

// ---- thresholds, heat

TEST(AllocateCharge, ALimitIsTightByTheMeanOfTenSecondsWithHysteresis) {
  auto input = room({held("a", 300, 700)}, 1000);
  AllocateMemory memory;
  const auto tight_at = [&](std::int64_t load) {
    input.now.mono += base::Seconds(3);
    input.limits[0].load = watts(load);
    Allocation allocation = allocate(input, std::move(memory));
    memory = std::move(allocation.memory);
    return allocation.limits[0].tight;
  };
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(tight_at(890));
  EXPECT_FALSE(tight_at(930)) << "one of four readings";
  for (int i = 0; i < 3; ++i) (void)tight_at(930);
  EXPECT_TRUE(tight_at(930));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(tight_at(860)) << "not below the threshold by 5 points";
  for (int i = 0; i < 3; ++i) (void)tight_at(840);
  EXPECT_FALSE(tight_at(840));
}

TEST(AllocateCharge, WarmAirTakesATenthAMinuteAndGivesItBack) {
  auto input = room({held("a", 600, 1000), held("b", 400, 1000)}, 5000);
  input.limits[0].air = InletAir::too_warm;
  auto first = allocate(input, {});
  EXPECT_EQ(first.memory.limits["rack"].cool_to, watts(900));
  EXPECT_FALSE(first.writes.empty());
  for (const CapWrite& write : orders(first)) EXPECT_EQ(write.cause, WriteCause::lower);
  input.now.mono += base::Seconds(60);
  auto second = allocate(input, std::move(first.memory));
  EXPECT_EQ(second.memory.limits["rack"].cool_to, watts(810));
  input.limits[0].air = InletAir::unknown;
  input.now.mono += base::Seconds(600);
  second = allocate(input, std::move(second.memory));
  EXPECT_EQ(second.memory.limits["rack"].cool_to, watts(810)) << "nobody knows: neither less nor more";
  input.limits[0].air = InletAir::cool;
  AllocateMemory memory = std::move(second.memory);
  for (int minute = 0; minute < 30; ++minute) {
    input.now.mono += base::Seconds(60);
    memory = std::move(allocate(input, std::move(memory)).memory);
  }
  EXPECT_EQ(memory.limits["rack"].cool_to, std::nullopt);
}

// ---- the reserve: what lies beside the domains

AllocateInput two_settled(std::int64_t reserve) {
  auto input = room({held("a", 600, 750), held("b", 600, 750)}, 1500);
  for (CapNode& one : input.nodes) {
    test::change_cap(one, [](model::NodePowerCap& cap) {
      cap.spec.reserve = watts(60);
      cap.spec.fallback = watts(750);
    });
    one.reserve = watts(reserve);
  }
  return input;
}

TEST(AllocateReserve, ThatGrowsIsToldUnderTheSameBudget) {
  const auto allocation = allocate(two_settled(70), {});
  ASSERT_EQ(allocation.writes.size(), 2U);
  for (const CapWrite& write : allocation.writes) {
    EXPECT_EQ(write.cause, WriteCause::fallback);
    EXPECT_EQ(write.spec.reserve, watts(70));
    EXPECT_EQ(write.spec.budget, watts(750)) << "the domains give the watts, not the other nodes";
  }
}

TEST(AllocateReserve, ThatShrinksIsToldOnlyOnceItIsWorthIt) {
  EXPECT_THAT(allocate(two_settled(45), {}).writes, IsEmpty());
  EXPECT_EQ(allocate(two_settled(30), {}).writes.size(), 2U);
}

TEST(AllocateReserve, PausedMayGrowAndNotShrink) {
  auto input = two_settled(30);
  input.settings.paused = true;
  EXPECT_THAT(allocate(input, {}).writes, IsEmpty());
  input.nodes[0].reserve = watts(90);
  const auto allocation = allocate(input, {});
  ASSERT_EQ(allocation.writes.size(), 1U);
  EXPECT_EQ(allocation.writes[0].spec.reserve, watts(90));
}

TEST(AllocateReserve, PausedAnOrderForAnotherReasonBringsNoSmallerOneAlong) {
  auto input = two_settled(30);
  input.settings.paused = true;
  input.limits[0].capacity = input.limits[0].full = watts(1000);
  const auto allocation = allocate(input, {});
  ASSERT_FALSE(allocation.writes.empty());
  for (const CapWrite& write : allocation.writes) EXPECT_EQ(write.spec.reserve, watts(60));
}

}  // namespace
}  // namespace headroom::policy
