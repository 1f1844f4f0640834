#include "policy/reserve.h"

#include <gtest/gtest.h>

#include <vector>

#include "test/support/table.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::Seconds;
using base::watts;

base::MonoTime at(std::int64_t seconds) {
  return base::MonoTime(Seconds(seconds));
}

// Rounds of the caps loop, 3 s apart, of a node whose domains draw 300 W; its class's overhead is 100 W.
class Reserve : public testing::Test {
 protected:
  // The wall meter shows `beside` more than the domains draw.
  Power meter(std::int64_t beside, std::int64_t for_seconds) {
    facts.wall = watts(300 + beside);
    return run(for_seconds);
  }
  Power silence(std::int64_t for_seconds) {
    facts.wall.reset();
    return run(for_seconds);
  }
  Power run(std::int64_t for_seconds) {
    for (const std::int64_t end = now + for_seconds; now < end; now += 3) last = reserve_of(facts, window, at(now));
    return last;
  }

  ReserveFacts facts{{}, watts(300), {}, watts(100)};
  ReserveWindow window;
  std::int64_t now = 1'000'000;
  Power last;
};

TEST_F(Reserve, WithoutAMeterIsTheClassesOverhead) {
  EXPECT_EQ(silence(3'600), watts(100));
}

TEST_F(Reserve, IsWhatTheMeterProvesAndFivePercentBeItLessThanTheOverhead) {
  EXPECT_EQ(meter(40, 70), watts(42));
}

TEST_F(Reserve, OrMore) {
  EXPECT_EQ(meter(200, 70), watts(210));
}

TEST_F(Reserve, LessThanAMinuteProvesNoLessThanTheOverhead) {
  EXPECT_EQ(meter(40, 50), watts(100));
}

TEST_F(Reserve, ButMoreAtOnce) {
  EXPECT_EQ(meter(200, 3), watts(210));
}

TEST_F(Reserve, OfAnEarlierLeaderHoldsForThatMinute) {
  facts.standing = watts(63);
  EXPECT_EQ(meter(40, 50), watts(63));
  EXPECT_EQ(meter(40, 20), watts(42));
}

TEST_F(Reserve, OfAMeterThatFallsSilentIsNeverLessThanTheOverhead) {
  meter(40, 700);
  EXPECT_EQ(silence(3), watts(100));
}

TEST_F(Reserve, NorLessThanWasProvenLastUntilTenMinutesAreOver) {
  meter(200, 700);
  EXPECT_EQ(silence(590), watts(210));
  EXPECT_EQ(silence(30), watts(100));
}

TEST_F(Reserve, OfAnAgentThatFallsSilentLikewise) {
  meter(200, 700);
  facts.controllable.reset();
  EXPECT_EQ(run(300), watts(210));
}

TEST_F(Reserve, LeavesOutWhatLastsHalfAMinuteOfTen) {
  meter(40, 600);
  meter(300, 24);  // a load that the meter shows longer than the agent does
  EXPECT_EQ(meter(40, 60), watts(42));
}

TEST_F(Reserve, TakesInWhatLastsAMinute) {
  meter(40, 600);
  EXPECT_EQ(meter(300, 60), watts(315));
}

TEST_F(Reserve, ForgetsWhatIsOlderThanTenMinutes) {
  meter(200, 600);
  EXPECT_EQ(meter(40, 590), watts(42)) << "all but two of 120 samples are 40 W";
}

TEST_F(Reserve, OfAMeterBelowTheDomainsIsNothing) {
  EXPECT_EQ(meter(-50, 70), Power());
}

TEST_F(Reserve, IsInWholeWatts) {
  facts.wall = base::microwatts(340'300'000);
  EXPECT_EQ(run(70), watts(43)) << "40.3 W and 5 % are 42.3 W";
}

TEST(ReserveWindowTest, StartsAtTheClocksEpochToo) {
  ReserveWindow window;
  window.add(watts(50), at(0));
  EXPECT_EQ(window.p95(at(0)), watts(50));
  EXPECT_FALSE(window.spans_a_minute());
}

TEST(ReserveWindowTest, StaysEmptyUntilSomethingIsAdded) {
  EXPECT_EQ(ReserveWindow().p95(at(5)), std::nullopt);
}

}  // namespace
}  // namespace headroom::policy
