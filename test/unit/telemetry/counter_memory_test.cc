#include "telemetry/counter_memory.h"

#include <gtest/gtest.h>

#include "test/unit/telemetry/pages.h"

namespace headroom::telemetry {
namespace {

using test::at;

CounterFrame frame(int seconds, double joules) {
  return {at(seconds), {{"0", *base::energy_from_joules(joules)}}};
}

TEST(CounterMemory, TheFirstReadingGivesNothing) {
  CounterMemory memory;
  EXPECT_EQ(memory.step("q", frame(0, 100), {}), std::nullopt);
}

TEST(CounterMemory, TwoReadingsGiveTheMeanBetweenThem) {
  CounterMemory memory;
  (void)memory.step("q", frame(0, 100), {});
  EXPECT_EQ(memory.step("q", frame(5, 600), {}), (MeanPower{base::watts(100), at(0), at(5)}));
}

TEST(CounterMemory, SeveralCountersAddUp) {
  CounterMemory memory;
  (void)memory.step("q", {at(0), {{"0", base::joules(0)}, {"1", base::joules(0)}}}, {});
  const auto mean = memory.step("q", {at(10), {{"0", base::joules(1000)}, {"1", base::joules(500)}}}, {});
  ASSERT_TRUE(mean);
  EXPECT_EQ(mean->power, base::watts(150));
}

TEST(CounterMemory, AFallGivesNothingAndStartsOver) {
  CounterMemory memory;
  (void)memory.step("q", frame(0, 262000), {});
  EXPECT_EQ(memory.step("q", frame(5, 300), {}), std::nullopt);
  EXPECT_EQ(memory.step("q", frame(10, 800), {})->power, base::watts(100));
}

TEST(CounterMemory, AFallIsNotHiddenByALongerWindow) {
  CounterMemory memory;
  const CounterRules rules{base::Seconds(30), base::Seconds(120)};
  (void)memory.step("q", frame(0, 100), rules);
  (void)memory.step("q", frame(5, 600), rules);
  EXPECT_EQ(memory.step("q", frame(10, 50), rules), std::nullopt);
  const auto mean = memory.step("q", frame(15, 1050), rules);
  ASSERT_TRUE(mean);
  EXPECT_EQ(mean->start, at(10));
  EXPECT_EQ(mean->power, base::watts(200));
}

TEST(CounterMemory, ACounterThatAppearsOrGoesStartsOver) {
  CounterMemory memory;
  (void)memory.step("q", {at(0), {{"0", base::joules(0)}, {"1", base::joules(0)}}}, {});
  EXPECT_EQ(memory.step("q", {at(5), {{"0", base::joules(500)}}}, {}), std::nullopt);
  EXPECT_EQ(memory.step("q", {at(10), {{"0", base::joules(900)}, {"1", base::joules(9)}}}, {}), std::nullopt);
}

TEST(CounterMemory, AGapTooLongSaysNothingAboutNow) {
  CounterMemory memory;
  (void)memory.step("q", frame(0, 100), {});
  EXPECT_EQ(memory.step("q", frame(121, 600), {}), std::nullopt);
  EXPECT_TRUE(memory.step("q", frame(125, 1000), {}));
}

TEST(CounterMemory, TheSameReadingTwiceIsNoNewReading) {
  CounterMemory memory;
  (void)memory.step("q", frame(0, 100), {});
  (void)memory.step("q", frame(5, 600), {});
  EXPECT_EQ(memory.step("q", frame(5, 600), {}), std::nullopt);
  EXPECT_EQ(memory.step("q", frame(3, 600), {}), std::nullopt);
  EXPECT_EQ(memory.step("q", frame(10, 1100), {})->power, base::watts(100));
}

TEST(CounterMemory, ShortStepsAreAveragedOverTheMinimumWindow) {
  // Refreshed every 3 s, read every 2 s: differences alternate between 0 and 300 J for a steady 100 W.
  CounterMemory memory;
  const CounterRules rules{base::Seconds(12), base::Seconds(120)};
  std::optional<MeanPower> mean;
  for (int t = 0; t <= 24; t += 2) mean = memory.step("q", frame(t, (t / 3) * 300.0), rules);
  ASSERT_TRUE(mean);
  EXPECT_EQ(mean->start, at(12));
  EXPECT_EQ(mean->power, base::watts(100));
}

TEST(CounterMemory, ForgetsQuantitiesThatAreNoLongerRead) {
  CounterMemory memory;
  (void)memory.step("pod", frame(0, 100), {});
  memory.forget_before(at(1));
  EXPECT_EQ(memory.step("pod", frame(5, 600), {}), std::nullopt);
}

}  // namespace
}  // namespace headroom::telemetry
