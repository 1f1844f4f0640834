#include "policy/performance_ratio.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "test/support/table.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::Seconds;
using base::watts;

// A policy of 1000 W, target 1.2 +- 10 %, whose samples come every 3 s.
class Ratio : public testing::Test {
 protected:
  void run(double performance, std::int64_t drawn, int seconds) {
    facts.performance = performance;
    facts.drawn = watts(drawn);
    go(seconds);
  }
  void go(int seconds) {
    for (int t = 0; t < seconds; t += 3) {
      now += Seconds(3);
      step_ratio(wanted, facts, now, memory);
    }
  }
  // Ten minutes at 100 and 1000 W: the best is known, ratio 1.
  void learn() {
    facts.may_step = false;
    run(100, 1000, 660);
    facts.may_step = true;
  }

  model::PerformancePowerRatio wanted{1.2, 10};
  RatioFacts facts{{}, {}, watts(1000)};
  base::MonoTime now{Seconds(3000)};
  RatioMemory memory;
};

TEST_F(Ratio, IsPerformanceByItsBestOverWattsByTheLimit) {
  learn();
  run(50, 250, 70);
  ASSERT_TRUE(memory.ratio);
  EXPECT_NEAR(*memory.ratio, 2.0, 0.2);
  EXPECT_EQ(memory.verdict, RatioVerdict::above);
}

TEST_F(Ratio, UntilABestIsKnownNothingMoves) {
  run(100, 1000, 200);
  EXPECT_EQ(memory.verdict, RatioVerdict::no_data);
  EXPECT_EQ(memory.lack, RatioLack::best);
  EXPECT_EQ(memory.held_to, std::nullopt);
}

TEST_F(Ratio, BelowTheTargetTheMembersAreHeldToFivePercentLessOncePerMinute) {
  learn();
  run(100, 1000, 63);
  EXPECT_EQ(memory.verdict, RatioVerdict::below);
  EXPECT_EQ(memory.held_to, watts(950));
  run(100, 950, 30);
  EXPECT_EQ(memory.held_to, watts(950)) << "half a minute later";
  run(100, 950, 36);
  EXPECT_LT(*memory.held_to, watts(930));
}

TEST_F(Ratio, WithinTheToleranceNothingMoves) {
  learn();
  run(100, 830, 200);
  EXPECT_EQ(memory.verdict, RatioVerdict::within);
  EXPECT_EQ(memory.held_to, std::nullopt);
}

TEST_F(Ratio, AboveItWattsAreGivenBackUpToTheWholeLimit) {
  learn();
  run(100, 1000, 63);
  run(100, 600, 70);
  EXPECT_GT(*memory.held_to, watts(950));
  run(100, 600, 130);
  EXPECT_EQ(memory.held_to, std::nullopt);
}

TEST_F(Ratio, WhileOrdersAreOnTheirWayNothingMoves) {
  learn();
  facts.settled = false;
  run(100, 1000, 600);
  EXPECT_EQ(memory.held_to, std::nullopt);
  facts.settled = true;
  run(100, 1000, 57);
  EXPECT_EQ(memory.held_to, std::nullopt) << "a settling time begins when they are in force";
  run(100, 1000, 12);
  EXPECT_TRUE(memory.held_to);
}

TEST_F(Ratio, WithoutDataWhatIsHeldStaysHeld) {
  learn();
  run(100, 1000, 63);
  const auto before = memory.held_to;
  facts.performance.reset();
  go(600);
  EXPECT_EQ(memory.verdict, RatioVerdict::no_data);
  EXPECT_EQ(memory.lack, RatioLack::performance);
  EXPECT_EQ(memory.ratio, std::nullopt);
  EXPECT_EQ(memory.held_to, before);
}

TEST_F(Ratio, UnderFivePercentOfTheBestNothingMoves) {
  learn();
  run(4, 1000, 600);
  EXPECT_EQ(memory.verdict, RatioVerdict::no_data);
  EXPECT_EQ(memory.lack, RatioLack::load);
  EXPECT_EQ(memory.held_to, std::nullopt);
}

TEST_F(Ratio, WithoutMeteredWattsNothingMoves) {
  learn();
  run(100, 1000, 63);
  facts.drawn.reset();
  go(600);
  EXPECT_EQ(memory.verdict, RatioVerdict::no_data);
  EXPECT_EQ(memory.lack, RatioLack::watts);
  EXPECT_EQ(memory.held_to, watts(950));
}

TEST_F(Ratio, AGapInTheDataBeginsASettlingTimeAnew) {
  learn();
  for (int i = 0; i < 30 && !memory.held_to; ++i) run(100, 1000, 3);
  run(100, 950, 57);
  facts.performance.reset();
  go(3);
  run(100, 950, 60);
  EXPECT_EQ(memory.held_to, watts(950));
  run(100, 950, 3);
  EXPECT_LT(*memory.held_to, watts(950));
}

TEST_F(Ratio, OrdersThatAreOnTheirWayForTenMinutesAreNoData) {
  learn();
  EXPECT_EQ(memory.verdict, RatioVerdict::below);
  facts.settled = false;
  go(570);
  EXPECT_EQ(memory.verdict, RatioVerdict::below) << "what was said last still stands";
  go(90);
  EXPECT_EQ(memory.verdict, RatioVerdict::no_data);
  EXPECT_EQ(memory.lack, RatioLack::orders);
  go(300);
  EXPECT_EQ(memory.lack, RatioLack::orders);
}

TEST_F(Ratio, AfterAMinuteWithoutARoundWhatWasHeldIsGivenBackAndTheBestRemembered) {
  learn();
  run(100, 1000, 63);
  ASSERT_TRUE(memory.held_to);
  now += Seconds(3600);
  go(3);
  EXPECT_EQ(memory.held_to, std::nullopt);
  EXPECT_EQ(memory.verdict, RatioVerdict::no_data);
  go(60);
  EXPECT_EQ(memory.held_to, watts(950)) << "the best of before is known at once";
}

struct StepRow {
  const char* name;
  std::optional<std::int32_t> tolerance;
  double ratio;
  double held_to;  // after a step from 800 W
};
class RatioStep : public testing::TestWithParam<StepRow> {};
TEST_P(RatioStep, FromEightHundredWatts) {
  const model::PerformancePowerRatio wanted{1, GetParam().tolerance};
  RatioFacts facts{100, watts(1000), watts(1000)};
  RatioMemory memory;
  base::MonoTime now{Seconds(3000)};
  facts.may_step = false;
  for (int t = 0; t < 600; t += 3) step_ratio(wanted, facts, now += Seconds(3), memory);
  facts.may_step = true;
  memory.held_to = watts(800);
  facts.drawn = watts(800);
  facts.performance = 100 * GetParam().ratio * 0.8;
  for (int t = 0; t < 63; t += 3) step_ratio(wanted, facts, now += Seconds(3), memory);
  EXPECT_NEAR(base::to_watts(memory.held_to.value_or(watts(1000))), GetParam().held_to, 0.01);
}
INSTANTIATE_TEST_SUITE_P(Table, RatioStep,
                         testing::Values(StepRow{"at the target", 10, 1, 800},
                                         StepRow{"10 % is the default, inside", {}, 0.92, 800},
                                         StepRow{"10 % is the default, outside", {}, 0.88, 760},
                                         StepRow{"below a wide tolerance", 10, 0.85, 760},
                                         StepRow{"above a wide tolerance", 10, 1.15, 840},
                                         StepRow{"inside a very wide one", 30, 0.75, 800},
                                         StepRow{"below a narrow tolerance, a step as narrow", 2, 0.95, 784},
                                         StepRow{"above a narrow tolerance, a step as narrow", 2, 1.05, 816}),
                         headroom::test::RowName());

TEST_F(Ratio, WithANarrowToleranceATurnNeedsTenPercent) {
  wanted.tolerance_percent = 2;
  learn();
  run(100, 1000, 63);
  const Power held = *memory.held_to;
  run(100, 790, 63);  // 1.27, 5 % above: a cap's own steps
  EXPECT_EQ(memory.verdict, RatioVerdict::above);
  EXPECT_EQ(memory.held_to, held);
  run(100, 700, 63);  // 1.43
  EXPECT_GT(memory.held_to.value_or(watts(1000)), held);
}

TEST_F(Ratio, ABestOfNearlyNothingGivesNoEndlessRatio) {
  run(1e-300, 1000, 660);
  run(1e9, 1000, 63);
  EXPECT_EQ(memory.ratio, 1e6);
}

TEST_F(Ratio, TheyAreNeverHeldToLessThanFloorsNeed) {
  learn();
  facts.least = watts(970);
  run(100, 1000, 600);
  EXPECT_EQ(memory.verdict, RatioVerdict::below);
  EXPECT_EQ(memory.held_to, watts(970));
}

TEST_F(Ratio, ARecommendingPolicyIsToldItsRatioAndMovesNothing) {
  learn();
  facts.may_step = false;
  run(100, 1000, 600);
  EXPECT_EQ(memory.verdict, RatioVerdict::below);
  EXPECT_EQ(memory.held_to, std::nullopt);
}

TEST_F(Ratio, MembersThatDrawFarLessThanTheyAreHeldToAreLoweredFromWhatTheyDraw) {
  learn();
  for (int i = 0; i < 30 && !memory.held_to; ++i) run(40, 600, 3);
  EXPECT_EQ(memory.held_to, watts(570));
}

TEST_F(Ratio, FloorsAboveWhatIsDrawnLeaveItAsItIs) {
  learn();
  facts.least = watts(990);
  run(40, 900, 130);
  EXPECT_EQ(memory.verdict, RatioVerdict::below);
  EXPECT_EQ(memory.held_to, std::nullopt);
}

TEST_F(Ratio, ALoweredPowerCapLimitEndsWhatIsHeldAboveIt) {
  learn();
  run(100, 1000, 63);
  facts.limit = watts(900);
  run(100, 900, 3);
  EXPECT_EQ(memory.held_to, std::nullopt);
}

TEST(BestMeanTest, IsForgottenAfterADay) {
  BestMean best;
  base::MonoTime now{Seconds(0)};
  for (int t = 0; t < 300; t += 3) best.add(200, now + Seconds(t));
  for (int t = 300; t < 86'400; t += 60) best.add(100, now + Seconds(t));
  EXPECT_EQ(best.best(now + Seconds(86'300)), 200);
  EXPECT_EQ(best.best(now + Seconds(86'400 + 301)), 100);
}

TEST(BestMeanTest, IsNoSinglePeak) {
  BestMean best;
  for (int t = 0; t < 300; t += 3) best.add(t == 150 ? 1000 : 100, base::MonoTime(Seconds(t)));
  EXPECT_NEAR(*best.best(base::MonoTime(Seconds(300))), 109, 0.1);
}

TEST(BestMeanTest, NeedsFourOfTheFiveMinutes) {
  BestMean best;
  for (int t = 120; t < 300; t += 3) best.add(500, base::MonoTime(Seconds(t)));
  EXPECT_EQ(best.best(base::MonoTime(Seconds(300))), std::nullopt) << "it began in the middle";
  for (int t = 300; t < 600; t += 3) best.add(100, base::MonoTime(Seconds(t)));
  EXPECT_EQ(best.best(base::MonoTime(Seconds(600))), 100);
}

// A closed loop: machines of 100 W idle whose throughput grows with the square root of what they may draw beyond that,
// load that falls and rises. The ratio must come within its tolerance and stay, without swinging.
TEST(RatioPlant, ComesWithinTheToleranceAndStays) {
  const model::PerformancePowerRatio wanted{1.2, 10};
  RatioMemory memory;
  base::MonoTime now{Seconds(0)};
  double in_force = 1000;  // W, follows an order within 6 s
  int moves = 0;
  int outside = 0;
  Power last = watts(1000);
  for (int step = 0; step < 4 * 1200; ++step) {
    now += Seconds(3);
    const double load = step < 2 * 1200 ? 1.0 : 0.8;  // of what the machines can take
    const double wants = 100 + 900 * load;
    const double draws = std::min(wants, in_force);
    const double performance = 1000 * std::sqrt((draws - 100) / 900);
    const auto drawn = base::power_from_watts(draws);
    const double target = base::to_watts(memory.held_to.value_or(watts(1000)));
    RatioFacts facts{performance, drawn, watts(1000)};
    facts.settled = std::abs(in_force - target) < 1;
    facts.may_step = step > 300;
    step_ratio(wanted, facts, now, memory);
    in_force += (target - in_force) * 0.5;
    if (memory.held_to.value_or(watts(1000)) != last) ++moves;
    last = memory.held_to.value_or(watts(1000));
    const bool late = (step > 1200 && step < 2 * 1200) || step > 3 * 1200;
    if (late && memory.verdict != RatioVerdict::within) ++outside;
  }
  EXPECT_EQ(memory.verdict, RatioVerdict::within);
  EXPECT_EQ(outside, 0);
  EXPECT_LE(moves, 20) << "it must not swing";
}

}  // namespace
}  // namespace headroom::policy
