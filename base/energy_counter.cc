#include "base/energy_counter.h"

namespace headroom::base {
namespace {

CounterDifference without_value(CounterVerdict verdict) {
  return {verdict, {}, {}};
}

}  // namespace

CounterDifference difference(const CounterReading& previous, const CounterReading& current,
                             const CounterLimits& limits) {
  const auto interval = current.time - previous.time;
  if (interval <= Microseconds::zero()) return without_value(CounterVerdict::not_later);
  if (interval > limits.max_gap) return without_value(CounterVerdict::gap_too_long);

  const Energy plausible = energy_of(limits.max_power, interval);
  Energy gained = current.value - previous.value;
  if (gained < Energy{}) {
    if (!limits.range) return without_value(CounterVerdict::reset);
    // A wrap adds exactly one range. A restart at zero looks the same unless the result is more than can be drawn.
    gained += *limits.range;
    if (gained < Energy{} || gained > plausible) return without_value(CounterVerdict::reset);
  }
  // If a whole extra range would also have been possible in this interval, the readings cannot tell.
  if (limits.range && gained + *limits.range <= plausible) return without_value(CounterVerdict::ambiguous_wrap);
  return {CounterVerdict::ok, gained, average_power(gained, interval)};
}

}  // namespace headroom::base
