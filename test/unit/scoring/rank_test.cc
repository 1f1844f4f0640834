#include "scoring/rank.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace headroom::scoring {
namespace {

using base::celsius;
using base::watts;

TEST(Rank, an_empty_cool_place_gets_ten_and_a_full_one_nothing) {
  EXPECT_EQ(score_of({1, 1}), 10);
  EXPECT_EQ(score_of({0, 0}), 0);
}

TEST(Rank, a_tenth_more_headroom_always_shows) {
  // Two levels emptier by watts is at least one point, whatever the air.
  for (int tenths = 0; tenths <= 8; ++tenths) {
    EXPECT_LT(score_of({tenths / 10.0, 0.5}), score_of({(tenths + 2) / 10.0, 0.5})) << tenths;
    EXPECT_LE(score_of({tenths / 10.0, 1}), score_of({(tenths + 2) / 10.0, 0})) << tenths;
  }
}

TEST(Rank, cooler_air_decides_between_equal_headrooms) {
  EXPECT_LT(score_of({0.5, 0}), score_of({0.5, 1}));
}

TEST(Rank, scores_stay_between_nought_and_ten_for_any_terms) {
  const double wild[] = {-1e300, -1, 2, 1e300, std::numeric_limits<double>::infinity(), std::nan("")};
  for (const double first : wild) {
    for (const double second : wild) {
      EXPECT_GE(score_of({first, second}), 0);
      EXPECT_LE(score_of({first, second}), kMaxScore);
    }
  }
}

TEST(Rank, more_headroom_or_cooler_air_never_lowers_a_score) {
  for (int i = 0; i < 100; ++i) {
    for (int j = 0; j < 100; ++j) {
      EXPECT_LE(score_of({i / 100.0, j / 100.0}), score_of({(i + 1) / 100.0, j / 100.0}));
      EXPECT_LE(score_of({i / 100.0, j / 100.0}), score_of({i / 100.0, (j + 1) / 100.0}));
    }
  }
}

TEST(Rank, headroom_is_the_free_part_of_the_limit) {
  EXPECT_DOUBLE_EQ(normalised_headroom(watts(1'000), watts(250)), 0.75);
  EXPECT_DOUBLE_EQ(normalised_headroom(watts(1'000), watts(1'500)), 0);
  EXPECT_DOUBLE_EQ(normalised_headroom(watts(1'000), watts(-5)), 1);
  EXPECT_DOUBLE_EQ(normalised_headroom(watts(0), watts(0)), 0);
}

TEST(Rank, air_ten_degrees_below_the_limit_is_cool_and_unknown_air_is_hot) {
  EXPECT_DOUBLE_EQ(thermal_margin(celsius(30), celsius(20)), 1);
  EXPECT_DOUBLE_EQ(thermal_margin(celsius(30), celsius(25)), 0.5);
  EXPECT_DOUBLE_EQ(thermal_margin(celsius(30), celsius(31)), 0);
  EXPECT_DOUBLE_EQ(thermal_margin(celsius(30), std::nullopt), 0);
}

}  // namespace
}  // namespace headroom::scoring
