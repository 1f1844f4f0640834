#include "rapl-agent/standalone/cap_rule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace headroom::rapl_agent::standalone {

base::Power sine_power(const SineCurve& curve, int minute_of_day) {
  const double hour = minute_of_day / 60.0;
  const double sine = std::sin(std::numbers::pi / 16 * (hour - 4));
  if (curve.night == Night::dark && sine <= 0) return {};
  const double share = std::pow(sine, curve.alpha);
  // A fractional exponent of a negative sine is no number.
  if (!std::isfinite(share) || share <= 0) return {};
  return base::microwatts(std::llround(static_cast<double>(curve.peak.count()) * share));
}

base::Power pick(Originals function, const std::vector<base::Power>& originals) {
  base::Power sum;
  base::Power largest;
  std::optional<base::Power> smallest;
  std::int64_t counted = 0;
  for (const auto original : originals) {
    sum += original;
    largest = std::max(largest, original);
    if (original == base::Power{}) continue;
    ++counted;
    smallest = smallest ? std::min(*smallest, original) : original;
  }
  switch (function) {
    case Originals::maximum: return largest;
    case Originals::minimum: return smallest.value_or(base::Power{});
    case Originals::average: return counted == 0 ? base::Power{} : base::microwatts(sum.count() / counted);
    case Originals::sum: return sum;
  }
  return largest;
}

std::optional<base::Power> maximum_of(CapScope scope, const Hardware& hardware) {
  if (hardware.maxima.empty()) return std::nullopt;
  if (scope == CapScope::domain) return *std::max_element(hardware.maxima.begin(), hardware.maxima.end());
  base::Power sum;
  for (const auto maximum : hardware.maxima) sum += maximum;
  return sum;
}

base::Power floor_of(const Settings& settings, const Hardware& hardware) {
  base::Power floor = settings.min_power;
  if (const auto& wanted = settings.originals_floor)
    floor = std::max(floor, base::scaled_down(pick(wanted->of, hardware.originals), wanted->share));
  const auto maximum = maximum_of(settings.scope, hardware);
  return maximum ? std::min(floor, *maximum) : floor;
}

base::Power cap_of(const Settings& settings, const Hardware& hardware, std::optional<base::Power> source) {
  const auto floor = floor_of(settings, hardware);
  base::Power cap = std::max(floor, source.value_or(floor));
  if (const auto maximum = maximum_of(settings.scope, hardware)) cap = std::min(cap, *maximum);
  return cap;
}

}  // namespace headroom::rapl_agent::standalone
