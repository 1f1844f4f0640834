// From raw power readings of one node to the watts that count: plausibility, smoothing, age and coverage.
//
//   - Rises count at once, falls are smoothed (Settings::fall_time_constant).
//   - One sample above 1.25 x maxWatts is ignored, three in a row count at face value and flag too_large.
//   - Precedence wall > psys > package+dram. What the fresh readings do not cover stays counted: overheadWatts, and
//     the peak watts of the devices of covered pods where no GPU reading is fresh.
//   - Adding or removing a partial source (all but the wall meter) never lowers the books: `at_least` takes every part
//     at the highest of what its sources say or said and of what the books say.
//   - A reading that is not of grade measured, or is stamped in the future, may raise and never lower: it counts as one
//     of a source that went silent.
//
// State is a value: observe() gives the next one. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/units.h"
#include "model/telemetry.h"
#include "model/topology.h"
#include "scoring/settings.h"

namespace headroom::scoring {

// One scope's meter.
struct ScopeMeter {
  bool delivered = false;   // a sample was believed at some time
  bool whole_once = false;  // one of known age that covers its scope was
  bool whole = false;       // the newest believed one has a known age and covers its scope
  base::Power newest;       // as delivered
  base::Power smoothed;     // what counts
  base::WallTime window_start;
  base::WallTime window_end;
  base::WallTime judged_end;  // window_end of the newest sample looked at, believed or not
  base::Power judged;         // its watts
  std::int32_t suspects = 0;  // samples in a row above the outlier limit
};

struct NodeMeter {
  std::array<ScopeMeter, model::kPowerScopes> scopes;
  base::WallTime stepped;  // last observe()
  bool too_large = false;  // condition NodeClassTooSmall: believed samples exceed what the class says

  [[nodiscard]] const ScopeMeter& of(model::PowerScope scope) const { return scopes[static_cast<std::size_t>(scope)]; }
};

struct MeterRules {
  const Settings& settings;
  std::optional<base::Power> max;  // maxWatts of the node's class
  std::int64_t devices = 0;        // accelerators of the node: a GPU reading of fewer does not cover the others
};

struct MeterTime {
  base::WallTime now;
  base::Microseconds elapsed;  // since the step before
};

// telemetry: null when the source knows nothing of the node any more; what was seen stays and grows old.
[[nodiscard]] NodeMeter observe(NodeMeter meter, const model::NodeTelemetry* telemetry, const MeterRules& rules,
                                base::WallTime now);

// The same for one meter that is not a node's (an element's). elapsed: since the last call; reading: null: none now.
[[nodiscard]] ScopeMeter observe_scope(ScopeMeter meter, const model::PowerReading* reading, const MeterRules& rules,
                                       const MeterTime& time);

struct MeterAge {
  base::WallTime now;
  base::Seconds max_age;
};

// When the window of the readings that count began, the earliest of them: the fresh ones; of a node that has gone
// stale, those of its last fresh moment. Nothing: none ever, no pod is covered.
[[nodiscard]] std::optional<base::WallTime> window_start_of(const NodeMeter& meter, const MeterAge& age);

[[nodiscard]] bool is_fresh(const ScopeMeter& meter, const MeterAge& age);

// What readings leave uncovered, from the node's class and the covered pods.
struct Uncovered {
  base::Power overhead;
  base::Power idle;
  base::Power cpu;      // CPU part of the covered pods' estimates
  base::Power devices;  // devices' part
};

struct MeterQuestion {
  MeterAge age;
  const Settings& settings;
};

struct Measured {
  bool fresh = false;
  bool ever = false;     // some sample of known age was believed once
  base::Power power;     // fresh: the truth for ranking; stale: the last; never: 0
  base::Power at_least;  // the books count no less: power, silent partial sources and readings of unknown age included
};

// End of the newest window that may lower something; epoch: none.
[[nodiscard]] base::WallTime newest_sample(const NodeMeter& meter);

[[nodiscard]] Measured measure(const NodeMeter& meter, const Uncovered& uncovered, const MeterQuestion& question);

}  // namespace headroom::scoring
