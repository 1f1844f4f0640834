#include "rapl-agent/core/timing.h"

#include <algorithm>

namespace headroom::rapl_agent::core {

Timing scaled(const Timing& timing, int factor) {
  using Interval = base::Milliseconds Timing::*;
  static constexpr Interval kAll[] = {
      &Timing::tick,
      &Timing::discovery,
      &Timing::verify,
      &Timing::heartbeat_ttl,
      &Timing::heartbeat_rewatch,
      &Timing::grace,
      &Timing::jitter,
      &Timing::cpu_period,
      &Timing::gpu_period,
      &Timing::ramp,
      &Timing::first_retry,
      &Timing::second_retry,
      &Timing::locked_retry,
      &Timing::busy_retry,
      &Timing::busy_give_up,
      &Timing::permission_retry,
      &Timing::foreign_lower,
      &Timing::contest_span,
      &Timing::contested_retry,
      &Timing::cpu_window,
      &Timing::gpu_window,
      &Timing::hard_limit_span,
      &Timing::brake_default,
      &Timing::brake_longest,
      &Timing::cool_down,
      &Timing::reserve_span,
      &Timing::meter_gap,
      &Timing::frozen,
  };
  static_assert(sizeof(kAll) / sizeof(kAll[0]) == sizeof(Timing) / sizeof(base::Milliseconds),
                "an interval is missing");
  Timing result = timing;
  for (const Interval interval : kAll) result.*interval = std::max(timing.*interval / factor, base::Milliseconds(1));
  return result;
}

}  // namespace headroom::rapl_agent::core
