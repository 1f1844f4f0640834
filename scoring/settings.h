// The numbers that the rules of this folder use, with their shipped values. Configuration of a program may change them;
// nothing else does. Plain value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/durations.h"
#include "base/units.h"
#include "model/topology.h"

namespace headroom::scoring {

// For nodes that no nodeClass of a PowerTopology selects: 120 W idle, 8 W per core, 60 W overhead, the nameplate watts
// of common accelerators, and no maxWatts (so no plausibility limit and no clamp).
[[nodiscard]] model::NodeClass shipped_default_class();

struct Settings {
  model::NodeClass default_class = shipped_default_class();
  base::Power min_pod = base::watts(2);  // no pod counts less

  // What one pod may claim on a node whose class has no maxWatts, so that no annotation fills a rack by itself.
  base::Power unknown_class_pod_max = base::watts(15'000);

  // A pod is covered by a node sample whose window starts later than pod start + ramp + margin.
  base::Seconds ramp{30};
  base::Seconds cover_margin{5};

  base::Milliseconds fall_time_constant{5'000};  // falls of a meter are smoothed with it, rises count at once
  base::Share outlier = base::percent(125);      // of maxWatts: above it a sample is suspected
  std::int32_t outliers_believed = 3;            // so many in a row count at face value
  base::Seconds clock_skew{10};  // a sample stamped further in the future is of unknown age: may only raise

  base::Seconds lost_wall_meter_hold{900};  // a wall meter that went silent bounds the books from below so long
  base::Seconds deleted_node_hold{900};     // a deleted Node keeps its last load so long, or until metered below idle

  base::TemperatureDelta inlet_hysteresis = base::degrees(2);
  base::Seconds inlet_restart_hold{300};

  // Pods here (the exporters themselves) are exempt from refusals for stale data, never from limits.
  std::vector<std::string> discovery_namespaces;

  bool operator==(const Settings&) const = default;
};

}  // namespace headroom::scoring
