// The only place that subtracts two readings of an energy counter.
//
// Counters wrap (RAPL after max_energy_range, some minutes at full load), restart at zero with their exporter, and are
// read at irregular times. Each of these must give no value rather than a wrong one.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/units.h"

namespace headroom::base {

struct CounterReading {
  Energy value;
  WallTime time;

  bool operator==(const CounterReading&) const = default;
};

struct CounterLimits {
  std::optional<Energy> range;  // where the counter wraps to zero; nothing: it never wraps, a fall is a reset
  Power max_power;              // what the metered thing can draw at most: tells one wrap from several
  Seconds max_gap{300};         // readings further apart than this say nothing about now
};

enum class CounterVerdict { ok, not_later, gap_too_long, reset, ambiguous_wrap };

struct CounterDifference {
  CounterVerdict verdict = CounterVerdict::not_later;
  Energy energy;  // meaningful only when verdict == ok
  Power power;    // average over the interval, likewise
};

// The energy between two readings of one counter. REQUIRES: max_power > 0.
[[nodiscard]] CounterDifference difference(const CounterReading& previous, const CounterReading& current,
                                           const CounterLimits& limits);

}  // namespace headroom::base
