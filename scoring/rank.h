// The score of a feasible node, 0..10.
//
//   value = 0.9 x first + 0.1 x second, each clamped to 0..1; score = value x 10, rounded down, so a full point more
//   of headroom always shows
//
//   with element limits       first = worst over the path of (limit - present load after placement) / limit
//                             second = thermal margin: (limit - inlet) / 10 degrees, 1 without an inlet limit,
//                                      0 where there is a limit and no fresh sensor
//   without any               first = the node's own (peak - present after placement) / peak
//                             second = mean of the same over its rack before placement, or the thermal margin where
//                             that
//                                      is less
//   outside an existing topology: 0
//
// Both terms only ever raise the value: more headroom, or cooler air, never lowers a score. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/units.h"

namespace headroom::scoring {

struct RankTerms {
  double first = 0;
  double second = 0;
};

inline constexpr int kMaxScore = 10;

namespace detail {
[[nodiscard]] inline double clamped(double value) {
  return std::isnan(value) ? 0 : std::clamp(value, 0.0, 1.0);
}
}  // namespace detail

[[nodiscard]] inline int score_of(const RankTerms& terms) {
  constexpr double kFirstWeight = 0.9;
  // Keeps 0.9 x 1 + 0.1 x 1, which binary fractions put a hair below 1, at the full score.
  constexpr double kRoundingGuard = 1e-9;
  // Never negative, so that cutting off the fraction rounds down.
  const double value = kFirstWeight * detail::clamped(terms.first) + (1 - kFirstWeight) * detail::clamped(terms.second);
  return std::clamp(static_cast<int>(value * kMaxScore + kRoundingGuard), 0, kMaxScore);
}

// (limit - load) / limit, clamped; 0 for a limit that is not positive.
[[nodiscard]] inline double normalised_headroom(base::Power limit, base::Power load) {
  if (limit <= base::Power()) return 0;
  return detail::clamped(static_cast<double>((limit - load).count()) / static_cast<double>(limit.count()));
}
[[nodiscard]] double thermal_margin(base::Temperature limit, std::optional<base::Temperature> inlet);

}  // namespace headroom::scoring
