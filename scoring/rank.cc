#include "scoring/rank.h"

namespace headroom::scoring {
namespace {

constexpr double kThermalSpan = 10'000;  // millidegrees below the limit at which air counts as cool

}  // namespace

double thermal_margin(base::Temperature limit, std::optional<base::Temperature> inlet) {
  if (!inlet) return 0;
  return detail::clamped(static_cast<double>((limit - *inlet).count()) / kThermalSpan);
}

}  // namespace headroom::scoring
