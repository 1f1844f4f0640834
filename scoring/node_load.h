// What a node counts for, and what it would count for with more watts placed on it, in constant time.
//
//   booked  = max(measured, idle + estimates of covered pods) + estimates of uncovered pods, at most maxWatts where the
//             class knows it, never below measured
//   present = measured + estimates of uncovered pods
//   stale   = max(last, idle + all estimates); AssumePeak: max(maxWatts, last, idle + all estimates). Where no maxWatts
//             bounds it so (FailOpen, or a class without), what the last sample did not cover comes on top of it, as it
//             did while the sample was fresh: silence never makes a node look emptier
//   never metered: idle + all estimates, at most maxWatts
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "base/units.h"
#include "model/policy.h"
#include "scoring/node_meter.h"

namespace headroom::scoring {

// with(x) = max(floor, min(base + x, ceiling)): every rule above has this shape.
struct Commitment {
  base::Power floor;
  base::Power base;
  base::Power ceiling = base::microwatts(std::numeric_limits<std::int64_t>::max() / 4);

  [[nodiscard]] constexpr base::Power with(base::Power extra) const {
    const base::Power raised = base + extra;
    const base::Power clamped = raised < ceiling ? raised : ceiling;
    return clamped > floor ? clamped : floor;
  }
  [[nodiscard]] constexpr base::Power now() const { return with(base::Power()); }

  bool operator==(const Commitment&) const = default;
};

// Sums over the pods that are on the node and not finished.
struct PodSums {
  base::Power covered;      // estimates of covered pods
  base::Power uncovered;    // estimates of the others
  base::Power covered_cpu;  // of the covered pods: CPU part
  base::Power covered_gpu;  // of the covered pods: devices' part
};

enum class TelemetryState : std::uint8_t { fresh, stale, never };

// As long as a line of the cache: a request reads those of its nodes in random order.
struct alignas(64) NodeLoad {
  Commitment booked;
  Commitment present;
  base::Power measured;  // smoothed and completed by what the sample does not cover; stale: the last; never: 0
  TelemetryState telemetry = TelemetryState::never;
  bool capped = false;  // its budget binds: cap_standing.h
};

// What the rules need of the node's class.
struct NodePeak {
  base::Power idle;
  std::optional<base::Power> max;
};

[[nodiscard]] NodeLoad load_of(const Measured& measured, const PodSums& pods, const NodePeak& peak,
                               model::StaleTelemetry on_stale);

}  // namespace headroom::scoring
