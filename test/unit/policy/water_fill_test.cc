#include "policy/water_fill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <string>

#include "test/support/table.h"

namespace headroom::policy {
namespace {

using base::Power;
using base::watts;

WaterClaim claim(std::int64_t floor, std::int64_t ceiling, std::int64_t demand, std::int32_t priority = 0) {
  return {watts(floor), watts(ceiling), watts(demand), priority};
}

struct Case {
  std::string name;
  std::vector<WaterClaim> claims;
  std::int64_t available = 0;
  std::vector<std::int64_t> want;  // whole watts
  std::int64_t shortfall = 0;
  std::int64_t left_over = 0;
};

class WaterFillRule : public testing::TestWithParam<Case> {};

TEST_P(WaterFillRule, Holds) {
  const WaterFill fill = water_fill(GetParam().claims, watts(GetParam().available));
  std::vector<std::int64_t> given;
  for (const Power power : fill.given) given.push_back(power.count() / 1'000'000);
  EXPECT_EQ(given, GetParam().want);
  EXPECT_EQ(fill.shortfall, watts(GetParam().shortfall));
  EXPECT_EQ(fill.left_over, watts(GetParam().left_over));
}

INSTANTIATE_TEST_SUITE_P(
    Table, WaterFillRule,
    testing::Values(
        Case{"nobody leaves everything over", {}, 100, {}, 0, 100},
        Case{"floors hold where they do not fit, and it is said",
             {claim(60, 100, 80), claim(70, 100, 90)},
             100,
             {60, 70},
             30,
             0},
        Case{"a negative amount is a shortfall of its own", {claim(10, 100, 50)}, -20, {10}, 30, 0},
        Case{"hungry claims share by their ranges", {claim(20, 220, 220), claim(20, 120, 120)}, 130, {80, 50}},
        Case{"a modest demand is met in full beside a hungry one",
             {claim(100, 900, 330), claim(100, 900, 900)},
             1000,
             {330, 670}},
        Case{
            "a floor's watts come out of the others' shares", {claim(90, 200, 90), claim(10, 200, 110)}, 150, {90, 60}},
        Case{"the higher class is served first", {claim(10, 200, 100, 1), claim(10, 200, 100, 5)}, 130, {30, 100}},
        Case{"and nobody falls below its floor for it",
             {claim(10, 200, 100, 1), claim(10, 200, 200, 5)},
             130,
             {10, 120}},
        Case{"what is left over is dealt out by room, whatever the class",
             {claim(10, 100, 40, 1), claim(10, 200, 80, 5)},
             165,
             {55, 110}},
        Case{"demand above the ceiling counts as the ceiling", {claim(0, 50, 500), claim(0, 100, 50)}, 90, {40, 50}},
        Case{"demand below the floor counts as the floor", {claim(30, 50, 0), claim(0, 100, 50)}, 60, {30, 30}},
        Case{"what no ceiling takes is left over", {claim(0, 50, 10), claim(0, 30, 10)}, 100, {50, 30}, 0, 20},
        Case{"a ceiling below the floor counts as the floor", {claim(40, 20, 30)}, 100, {40}, 0, 60}),
    test::RowName());

TEST(WaterFill, LosesNoMicrowattToRounding) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random); };
  for (int round = 0; round < 2000; ++round) {
    std::vector<WaterClaim> claims;
    for (std::int64_t i = pick(12); i > 0; --i) {
      const Power floor = base::microwatts(pick(100'000'000));
      claims.push_back({floor, floor + base::microwatts(pick(400'000'000)), base::microwatts(pick(600'000'000)),
                        static_cast<std::int32_t>(pick(2))});
    }
    const Power available = base::microwatts(pick(3'000'000'000));
    const WaterFill fill = water_fill(claims, available);
    const Power sum = std::accumulate(fill.given.begin(), fill.given.end(), Power());
    ASSERT_EQ(sum + fill.left_over - fill.shortfall, available);
    ASSERT_GE(fill.left_over, Power());
    for (std::size_t i = 0; i < claims.size(); ++i) {
      ASSERT_GE(fill.given[i], claims[i].floor);
      ASSERT_LE(fill.given[i], claims[i].ceiling);
      // Rounding may leave a microwatt a claim behind.
      const Power rounding = base::microwatts(static_cast<std::int64_t>(claims.size()));
      if (fill.left_over > rounding) {
        ASSERT_GE(fill.given[i] + rounding, claims[i].ceiling);
      }
      // Nobody of a lower class is above its floor while a higher one wants more.
      for (std::size_t k = 0; k < claims.size(); ++k) {
        const Power wanted = std::clamp(claims[k].demand, claims[k].floor, claims[k].ceiling);
        if (claims[k].priority > claims[i].priority && fill.given[k] + rounding < wanted) {
          ASSERT_LE(fill.given[i], claims[i].floor + rounding);
        }
      }
    }
  }
}

}  // namespace
}  // namespace headroom::policy
