// From a source's power to the cap of a node. Pure.
#pragma once

#include <optional>
#include <vector>

#include "base/units.h"
#include "rapl-agent/standalone/environment.h"

namespace headroom::rapl_agent::standalone {

// P(t) = peak x sin((pi/16)(t - 4))^alpha with t the hour of the local day, and 0 where the curve is negative. `dark`:
// also where the sine itself is not positive, 20:00 to 04:00, which an even exponent would turn into a second peak of a
// quarter at midnight.
struct SineCurve {
  base::Power peak;
  double alpha = 4;
  Night night = Night::dark;
};
[[nodiscard]] base::Power sine_power(const SineCurve& curve, int minute_of_day);

// What the node's CPU packages can be capped between.
struct Hardware {
  std::vector<base::Power> originals;  // every limit of every package before the first write, as powercap's labels had
                                       // them: long and short term alike
  std::vector<base::Power> maxima;     // by package

  bool operator==(const Hardware&) const = default;
};

// PMAX_FUNC over the originals; minimum and average leave zeros out, as they did. 0 where there are none.
[[nodiscard]] base::Power pick(Originals function, const std::vector<base::Power>& originals);

// The lowest cap: RAPL_MIN_POWER, or the share of the originals where that is more. Never above the maximum.
[[nodiscard]] base::Power floor_of(const Settings& settings, const Hardware& hardware);
// The highest: the sum over packages, for CapScope::domain the largest package. Nothing: not known yet.
[[nodiscard]] std::optional<base::Power> maximum_of(CapScope scope, const Hardware& hardware);

// clamp(source, floor, maximum). A source without an answer has the floor: missing data makes us tighter.
[[nodiscard]] base::Power cap_of(const Settings& settings, const Hardware& hardware, std::optional<base::Power> source);

}  // namespace headroom::rapl_agent::standalone
