#include "rapl-agent/standalone/cap_rule.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::rapl_agent::standalone {
namespace {

// ------------------------------------------------------------------------------------------------------------ P(t)

struct CurveRow {
  std::string name;
  double alpha;
  Night night;
  int hour;
  int minute;
  double share;  // of the peak
};
class Curve : public testing::TestWithParam<CurveRow> {};

TEST_P(Curve, has_the_share) {
  const auto& row = GetParam();
  const auto power = sine_power({base::watts(1'000), row.alpha, row.night}, row.hour * 60 + row.minute);
  EXPECT_NEAR(base::to_watts(power), row.share * 1'000, 0.05);
}

// sin((pi/16)(t-4))^4 by the hour, as powercap's documentation computes it.
INSTANTIATE_TEST_SUITE_P(Even, Curve,
                         testing::Values(CurveRow{"nothing at four", 4, Night::bump, 4, 0, 0},
                                         CurveRow{"a little at six", 4, Night::bump, 6, 0, 0.02145},
                                         CurveRow{"a quarter at eight", 4, Night::bump, 8, 0, 0.25},
                                         CurveRow{"between the hours", 4, Night::bump, 8, 30, 0.35706},
                                         CurveRow{"all at noon", 4, Night::bump, 12, 0, 1.0},
                                         CurveRow{"a quarter at sixteen", 4, Night::bump, 16, 0, 0.25},
                                         CurveRow{"nothing at twenty", 4, Night::bump, 20, 0, 0},
                                         CurveRow{"the second peak begins", 4, Night::bump, 22, 0, 0.02145},
                                         CurveRow{"a quarter at midnight", 4, Night::bump, 0, 0, 0.25},
                                         CurveRow{"and at two", 4, Night::bump, 2, 0, 0.02145}),
                         test::RowName());

INSTANTIATE_TEST_SUITE_P(Dark, Curve,
                         testing::Values(CurveRow{"noon is the same", 4, Night::dark, 12, 0, 1.0},
                                         CurveRow{"eight is the same", 4, Night::dark, 8, 0, 0.25},
                                         CurveRow{"midnight is dark", 4, Night::dark, 0, 0, 0},
                                         CurveRow{"two is dark", 4, Night::dark, 2, 0, 0},
                                         CurveRow{"ten at night is dark", 4, Night::dark, 22, 0, 0},
                                         CurveRow{"the last minute of the day is dark", 4, Night::dark, 23, 59, 0}),
                         test::RowName());

INSTANTIATE_TEST_SUITE_P(
    OtherExponents, Curve,
    testing::Values(CurveRow{"an odd one is negative at night and so nothing", 3, Night::bump, 0, 0, 0},
                    CurveRow{"an odd one by day", 3, Night::bump, 8, 0, 0.35355},
                    CurveRow{"a fractional one is no number at night and so nothing", 2.5, Night::bump, 0, 0, 0},
                    CurveRow{"a fractional one by day", 0.5, Night::dark, 8, 0, 0.84090}),
    test::RowName());

TEST(CurveOfADay, never_leaves_zero_to_peak) {
  for (const auto night : {Night::dark, Night::bump}) {
    for (const double alpha : {0.3, 1.0, 2.0, 3.0, 4.0, 7.5}) {
      for (int minute = 0; minute < 24 * 60; ++minute) {
        const auto power = sine_power({base::watts(140), alpha, night}, minute);
        ASSERT_GE(power, base::Power{}) << minute;
        ASSERT_LE(power, base::watts(140)) << minute;
      }
    }
  }
}

// ------------------------------------------------------------------------------------------------------------ cap

std::vector<base::Power> in_watts(std::initializer_list<std::int64_t> values) {
  std::vector<base::Power> powers;
  for (const auto value : values) powers.push_back(base::watts(value));
  return powers;
}

TEST(PmaxFunc, is_taken_over_all_originals_and_minimum_and_average_leave_zeros_out) {
  const auto originals = in_watts({100, 0, 120, 80});
  EXPECT_EQ(pick(Originals::maximum, originals), base::watts(120));
  EXPECT_EQ(pick(Originals::minimum, originals), base::watts(80));
  EXPECT_EQ(pick(Originals::average, originals), base::watts(100));
  EXPECT_EQ(pick(Originals::sum, originals), base::watts(300));
}

TEST(PmaxFunc, of_nothing_is_nothing) {
  for (const auto function : {Originals::maximum, Originals::minimum, Originals::average, Originals::sum}) {
    EXPECT_EQ(pick(function, {}), base::Power{});
    EXPECT_EQ(pick(function, in_watts({0, 0})), base::Power{});
  }
}

struct CapRow {
  std::string name;
  std::optional<std::int64_t> source;
  std::int64_t min_power = 10;
  std::optional<OriginalsFloor> floor{};
  CapScope scope = CapScope::node;
  std::vector<std::int64_t> maxima{125, 125};
  std::vector<std::int64_t> originals{125, 150, 125, 150};
  std::int64_t cap = 0;
};
class Cap : public testing::TestWithParam<CapRow> {};

TEST_P(Cap, is) {
  const auto& row = GetParam();
  Settings settings;
  settings.min_power = base::watts(row.min_power);
  settings.originals_floor = row.floor;
  settings.scope = row.scope;
  Hardware hardware;
  for (const auto watts : row.maxima) hardware.maxima.push_back(base::watts(watts));
  for (const auto watts : row.originals) hardware.originals.push_back(base::watts(watts));
  const auto source = row.source ? std::optional(base::watts(*row.source)) : std::nullopt;
  EXPECT_EQ(cap_of(settings, hardware, source), base::watts(row.cap));
}

constexpr OriginalsFloor kFortyOfMinimum{base::percent(40), Originals::minimum};
constexpr OriginalsFloor kSixtyOfSum{base::percent(60), Originals::sum};

INSTANTIATE_TEST_SUITE_P(
    Table, Cap,
    testing::Values(
        CapRow{.name = "the source between floor and maximum", .source = 140, .cap = 140},
        CapRow{.name = "the floor at night", .source = 0, .cap = 10},
        CapRow{.name = "the floor where the source has no answer", .source = {}, .cap = 10},
        CapRow{.name = "the sum of the packages at most", .source = 400, .cap = 250},
        CapRow{.name = "one package at most by the old reading", .source = 400, .scope = CapScope::domain, .cap = 125},
        CapRow{.name = "the largest package by the old reading",
               .source = 400,
               .scope = CapScope::domain,
               .maxima = {100, 125},
               .cap = 125},
        CapRow{.name = "forty percent of the smallest original", .source = 0, .floor = kFortyOfMinimum, .cap = 50},
        CapRow{.name = "a source above that floor is untouched by it",
               .source = 140,
               .floor = kFortyOfMinimum,
               .cap = 140},
        CapRow{.name = "RAPL_MIN_POWER where it is the larger floor",
               .source = 0,
               .min_power = 60,
               .floor = kFortyOfMinimum,
               .cap = 60},
        CapRow{.name = "no floor above the maximum", .source = 0, .floor = kSixtyOfSum, .cap = 250},
        CapRow{.name = "no minimum power above the maximum", .source = 0, .min_power = 900, .cap = 250},
        CapRow{.name = "the source alone where no hardware is known",
               .source = 140,
               .maxima = {},
               .originals = {},
               .cap = 140}),
    test::RowName());

}  // namespace
}  // namespace headroom::rapl_agent::standalone
