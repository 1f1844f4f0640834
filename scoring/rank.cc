#include "scoring/rank.h"

#include <algorithm>
#include <cmath>

namespace headroom::scoring {
namespace {

constexpr double kFirstWeight = 0.9;
constexpr double kThermalSpan = 10'000;  // millidegrees below the limit at which air counts as cool
// Keeps 0.9 x 1 + 0.1 x 1, which binary fractions put a hair below 1, at the full score.
constexpr double kRoundingGuard = 1e-9;

double clamped(double value) {
  return std::isnan(value) ? 0 : std::clamp(value, 0.0, 1.0);
}

}  // namespace

int score_of(const RankTerms& terms) {
  // Never negative, so that cutting off the fraction rounds down.
  const double value = kFirstWeight * clamped(terms.first) + (1 - kFirstWeight) * clamped(terms.second);
  return std::clamp(static_cast<int>(value * kMaxScore + kRoundingGuard), 0, kMaxScore);
}

double normalised_headroom(base::Power limit, base::Power load) {
  if (limit <= base::Power()) return 0;
  return clamped(static_cast<double>((limit - load).count()) / static_cast<double>(limit.count()));
}

double thermal_margin(base::Temperature limit, std::optional<base::Temperature> inlet) {
  if (!inlet) return 0;
  return clamped(static_cast<double>((limit - *inlet).count()) / kThermalSpan);
}

}  // namespace headroom::scoring
