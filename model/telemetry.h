// Power and temperature readings as telemetry/ delivers them: joined to nodes, pods, racks and elements, each with its
// time, window and quality, but not yet judged. Staleness, smoothing and plausibility against a node class are decided
// in scoring/ from these values and a `now`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/units.h"

namespace headroom::model {

// How a reading may be used. Everything but `measured` may raise a load (or refuse for heat), never lower it or admit.
enum class Grade {
  measured,     // stamped by the meter or by our own scrape
  age_unknown,  // of a composed query without freshnessQuery: its time is that of the evaluation
  partial,      // covers less than its scope says: the core zone alone, or a sum with unreadable devices left out
};

// What a power reading of a node covers. Precedence where several are fresh: wall, psys, package_dram (+ gpu).
enum class PowerScope : std::uint8_t {
  wall,          // BMC, PDU outlet: everything in the machine
  psys,          // platform domain of the CPU: covers CPU and board, not discrete GPUs
  package_dram,  // RAPL package + dram: covers CPU
  gpu,           // sum over the node's GPUs
};
inline constexpr std::size_t kPowerScopes = 4;

struct PowerReading {
  base::Power power;
  base::WallTime window_start;  // the reading is the mean over [window_start, window_end]
  base::WallTime window_end;
  Grade grade = Grade::measured;
  std::string source;  // "kepler", "dcgm", ... for explain
  // How many devices (scope gpu) or meters (of an element) the sum is made of; 0: not told. Fewer GPUs than the node
  // has: the others are not covered.
  std::uint32_t devices = 0;

  bool operator==(const PowerReading&) const = default;
};

struct TemperatureReading {
  base::Temperature temperature;
  base::WallTime time;
  Grade grade = Grade::measured;
  std::string source;  // for explain

  bool operator==(const TemperatureReading&) const = default;
};

// The newest reading of each kind. Absent: this node never had one; old ones stay and grow stale.
struct NodeTelemetry {
  std::array<std::optional<PowerReading>, kPowerScopes> power;  // by PowerScope
  std::optional<TemperatureReading> inlet;                      // the highest inlet sensor
  std::optional<TemperatureReading> package;
  std::optional<TemperatureReading> gpu;

  [[nodiscard]] const std::optional<PowerReading>& of(PowerScope scope) const {
    return power[static_cast<std::size_t>(scope)];
  }
  [[nodiscard]] std::optional<PowerReading>& of(PowerScope scope) { return power[static_cast<std::size_t>(scope)]; }

  bool operator==(const NodeTelemetry&) const = default;
};

// What a policy's performance query gave: any unit, more is better.
struct PerformanceReading {
  double value = 0;  // finite, not negative
  base::WallTime time;

  bool operator==(const PerformanceReading&) const = default;
};

struct SourceStatus {
  std::string name;      // of the configuration entry, or "discovered/<namespace>/<service>"
  std::string endpoint;  // address as asked
  bool up = false;
  base::WallTime last_success;  // epoch: never
  std::string error;            // of the last failure
  // Counters since start, for the metrics of whoever runs the collector.
  std::uint64_t polls = 0;
  std::uint64_t failures = 0;
  // Of the last successful poll.
  base::Microseconds duration{0};
  std::uint64_t samples = 0;     // series of ours
  std::uint64_t junk_lines = 0;  // that were no exposition format
  std::uint64_t unmatched = 0;   // series that no node could be found for
  std::uint64_t rejected = 0;    // values that no machine has
  std::string rejected_example;
};

// Immutable once published.
struct TelemetrySnapshot {
  std::unordered_map<std::string, NodeTelemetry> nodes;             // by node name
  std::unordered_map<std::string, PowerReading> pods;               // by "namespace/name"
  std::unordered_map<std::string, PowerReading> element_meters;     // by element name; includes racks' rackMeterQuery
  std::unordered_map<std::string, TemperatureReading> rack_inlets;  // by rack label value
  std::unordered_map<std::string, PerformanceReading> performance;  // by "namespace/name" of the policy
  std::vector<SourceStatus> sources;
  std::vector<std::string> unmatched_series;  // examples, at most 32; what no node could be found for
  std::uint64_t unmatched_count = 0;
};

}  // namespace headroom::model
