#include "base/energy_counter.h"

#include <gtest/gtest.h>

#include <string>

#include "test/support/table.h"

namespace headroom::base {
namespace {

constexpr WallTime at(std::int64_t seconds) {
  return WallTime(Seconds(seconds));
}
constexpr Energy kRange = joules(262'144);

struct Case {
  std::string name;
  CounterReading previous;
  CounterReading current;
  CounterLimits limits;
  CounterVerdict want;
  Power want_power;
};

class CounterDifferenceRule : public testing::TestWithParam<Case> {};

TEST_P(CounterDifferenceRule, Holds) {
  const Case& c = GetParam();
  const CounterDifference got = difference(c.previous, c.current, c.limits);
  EXPECT_EQ(got.verdict, c.want);
  if (c.want == CounterVerdict::ok) {
    EXPECT_EQ(got.power, c.want_power);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, CounterDifferenceRule,
                         testing::Values(Case{"steady_counter_gives_mean_power",
                                              {joules(100), at(0)},
                                              {joules(600), at(5)},
                                              {kRange, watts(1'000), Seconds(300)},
                                              CounterVerdict::ok,
                                              watts(100)},
                                         Case{"a_standing_counter_is_zero_watts",
                                              {joules(100), at(0)},
                                              {joules(100), at(5)},
                                              {kRange, watts(1'000), Seconds(300)},
                                              CounterVerdict::ok,
                                              watts(0)},
                                         Case{"one_wrap_adds_one_range",
                                              {joules(262'044), at(0)},
                                              {joules(400), at(5)},
                                              {kRange, watts(1'000), Seconds(300)},
                                              CounterVerdict::ok,
                                              watts(100)},
                                         Case{"a_fall_without_a_range_is_a_reset",
                                              {joules(600), at(0)},
                                              {joules(100), at(5)},
                                              {std::nullopt, watts(1'000), Seconds(300)},
                                              CounterVerdict::reset,
                                              {}},
                                         Case{"a_fall_too_large_for_one_wrap_is_a_reset",
                                              {joules(100'000), at(0)},
                                              {joules(10), at(5)},
                                              {kRange, watts(1'000), Seconds(300)},
                                              CounterVerdict::reset,
                                              {}},
                                         Case{"a_gap_longer_than_allowed_says_nothing",
                                              {joules(100), at(0)},
                                              {joules(200), at(301)},
                                              {kRange, watts(1'000), Seconds(300)},
                                              CounterVerdict::gap_too_long,
                                              {}},
                                         Case{"a_gap_in_which_it_could_have_wrapped_unseen_is_ambiguous",
                                              {joules(100), at(0)},
                                              {joules(200), at(290)},
                                              {kRange, watts(1'000), Seconds(300)},
                                              CounterVerdict::ambiguous_wrap,
                                              {}},
                                         Case{"the_same_instant_says_nothing",
                                              {joules(100), at(5)},
                                              {joules(200), at(5)},
                                              {kRange, watts(1'000), Seconds(300)},
                                              CounterVerdict::not_later,
                                              {}},
                                         Case{"a_clock_set_back_says_nothing",
                                              {joules(100), at(10)},
                                              {joules(200), at(5)},
                                              {kRange, watts(1'000), Seconds(300)},
                                              CounterVerdict::not_later,
                                              {}}),
                         test::RowName());

TEST(CounterDifference, APropertyOfWrapping_TheSumOverManyReadingsIsTheTrueEnergy) {
  const CounterLimits limits{joules(1'000), watts(150), Seconds(300)};
  Energy seen;
  Energy truth;
  for (std::int64_t second = 1; second <= 600; ++second) {
    const Energy before = microjoules(truth.count() % limits.range->count());
    truth += joules(100 + second % 7);
    const Energy after = microjoules(truth.count() % limits.range->count());
    const auto step = difference({before, at(second - 1)}, {after, at(second)}, limits);
    ASSERT_EQ(step.verdict, CounterVerdict::ok) << "second " << second;
    seen += step.energy;
  }
  EXPECT_EQ(seen, truth);
}

}  // namespace
}  // namespace headroom::base
