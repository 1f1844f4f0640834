// Turns energy counters into mean power: remembers earlier readings and differences them with base::difference.
//
// A quantity ("node package") is the sum of one or more counters (one a socket, one a mode) read at one instant. Where
// any of them fell, appeared or went, the sum of the rest would be a wrong number, so there is none: the readings start
// over. Not thread-safe: one per source and node.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/units.h"

namespace headroom::telemetry {

struct CounterFrame {
  base::WallTime time;
  std::map<std::string, base::Energy> values;  // by what tells the counters of one quantity apart
};

struct CounterRules {
  // The mean is taken over at least this long where readings reach back that far: an exporter that refreshes its
  // counters every few seconds would otherwise give a saw-tooth.
  base::Seconds min_window{4};
  // Readings further apart say nothing: a RAPL counter without known range may have wrapped (65 kJ in the smallest
  // case: 130 s at 500 W).
  base::Seconds max_gap{120};
};

struct MeanPower {
  base::Power power;
  base::WallTime start;
  base::WallTime end;

  bool operator==(const MeanPower&) const = default;
};

class CounterMemory {
 public:
  // Nothing: the first reading, no later one than the last, or counters that cannot be compared with it.
  [[nodiscard]] std::optional<MeanPower> step(const std::string& quantity, CounterFrame frame,
                                              const CounterRules& rules);
  // Quantities (pods, say) not read since are dropped.
  void forget_before(base::WallTime time);

 private:
  std::map<std::string, std::deque<CounterFrame>> frames_;  // oldest first
};

}  // namespace headroom::telemetry
