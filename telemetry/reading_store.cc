#include "telemetry/reading_store.h"

#include <algorithm>

namespace headroom::telemetry {
namespace {

using model::Grade;
using model::PowerReading;
using model::PowerScope;
using model::TemperatureReading;

constexpr base::Seconds kTogether{15};         // power of several sources, compared
constexpr base::Seconds kSensorsTogether{60};  // temperatures move slowly, and a hot sensor must not be lost
constexpr base::Seconds kLongSilent{600};
constexpr base::Share kWallAtLeast = base::percent(80);  // of CPU + GPU: their windows differ, gauges are noisy

[[nodiscard]] base::WallTime time_of(const PowerReading& reading) {
  return reading.window_end;
}
[[nodiscard]] base::WallTime time_of(const TemperatureReading& reading) {
  return reading.time;
}

[[nodiscard]] bool full(Grade grade) {
  return grade == Grade::measured;
}

// A reading that goes back in time comes from a replica that lags.
template <class List, class Reading>
[[nodiscard]] base::WallTime replace_if_newer(List& list, SourceId source, const Reading& reading) {
  for (auto& entry : list) {
    if (entry.source != source || entry.reading.source != reading.source) continue;
    if (time_of(reading) >= time_of(entry.reading)) entry.reading = reading;
    return time_of(entry.reading);
  }
  // A new source is often the old one under a new address: what fell silent long ago would pile up.
  std::erase_if(list, [&](const auto& entry) { return time_of(entry.reading) < time_of(reading) - kLongSilent; });
  list.push_back({source, reading});
  return time_of(reading);
}

// The best of the readings that are at most `together` older than the newest.
template <class Reading, class List, class Better>
[[nodiscard]] std::optional<Reading> best_of(const List& list, base::Seconds together, const Better& better) {
  if (list.empty()) return std::nullopt;
  base::WallTime newest = time_of(list.front().reading);
  for (const auto& entry : list) newest = std::max(newest, time_of(entry.reading));
  std::optional<Reading> best;
  for (const auto& entry : list) {
    if (time_of(entry.reading) < newest - together) continue;
    if (!best || better(entry.reading, *best)) best = entry.reading;
  }
  return best;
}

// What the node's own meters show, where they are about as new as the wall reading.
[[nodiscard]] base::Power inside(const model::NodeTelemetry& node, base::WallTime when) {
  const auto power_of = [&](PowerScope scope) {
    const auto& reading = node.of(scope);
    const bool usable = reading && full(reading->grade) && reading->window_end >= when - kSensorsTogether;
    return usable ? reading->power : base::Power{};
  };
  return std::max(power_of(PowerScope::psys), power_of(PowerScope::package_dram)) + power_of(PowerScope::gpu);
}

}  // namespace

base::WallTime ReadingStore::keep_newest(PowerReadings& readings, SourceId source, const PowerReading& reading) {
  return replace_if_newer(readings, source, reading);
}

base::WallTime ReadingStore::keep_newest(TemperatureReadings& readings, SourceId source,
                                         const TemperatureReading& reading) {
  return replace_if_newer(readings, source, reading);
}

std::optional<PowerReading> ReadingStore::best(const PowerReadings& readings) {
  return best_of<PowerReading>(readings, kTogether, [](const PowerReading& a, const PowerReading& b) {
    if (full(a.grade) != full(b.grade)) return full(a.grade);
    return a.power > b.power;
  });
}

std::optional<TemperatureReading> ReadingStore::best(const TemperatureReadings& readings) {
  return best_of<TemperatureReading>(
      readings, kSensorsTogether,
      [](const TemperatureReading& a, const TemperatureReading& b) { return a.temperature > b.temperature; });
}

void ReadingStore::add(SourceId source, const std::string& node, const Readings& readings) {
  if (!readings.power.empty() || !readings.temperatures.empty()) {
    NodeEntry& entry = nodes_[node];
    for (const NodePower& power : readings.power) {
      PowerReadings& list = entry.power[static_cast<std::size_t>(power.scope)];
      entry.newest = std::max(entry.newest, keep_newest(list, source, power.reading));
    }
    for (const NodeTemperature& temperature : readings.temperatures) {
      TemperatureReadings& list = entry.temperatures[static_cast<std::size_t>(temperature.kind)];
      entry.newest = std::max(entry.newest, keep_newest(list, source, temperature.reading));
    }
  }
  for (const PodPower& pod : readings.pods) {
    PodEntry& entry = pods_[pod.pod];
    PowerReadings& list = entry.parts[static_cast<std::size_t>(pod.part)];
    entry.newest = std::max(entry.newest, keep_newest(list, source, pod.reading));
  }
}

model::NodeTelemetry ReadingStore::merged(const NodeEntry& entry) {
  model::NodeTelemetry node;
  for (std::size_t scope = 0; scope < model::kPowerScopes; ++scope) node.power[scope] = best(entry.power[scope]);
  std::optional<PowerReading>& wall = node.of(PowerScope::wall);
  if (wall && wall->power < base::scaled_up(inside(node, wall->window_end), kWallAtLeast)) wall.reset();
  node.inlet = best(entry.temperatures[static_cast<std::size_t>(TemperatureKind::inlet)]);
  node.package = best(entry.temperatures[static_cast<std::size_t>(TemperatureKind::package)]);
  node.gpu = best(entry.temperatures[static_cast<std::size_t>(TemperatureKind::gpu)]);
  return node;
}

// The sum of the parts that are about equally new; its window is the one that both windows lie in.
std::optional<PowerReading> ReadingStore::merged(const PodEntry& entry) {
  std::optional<PowerReading> sum;
  for (const PowerReadings& part : entry.parts) {
    const auto reading = best(part);
    if (!reading || reading->window_end < entry.newest - kSensorsTogether) continue;
    if (!sum) {
      sum = reading;
      continue;
    }
    sum->power += reading->power;
    sum->window_start = std::min(sum->window_start, reading->window_start);
    sum->window_end = std::min(sum->window_end, reading->window_end);
    sum->devices += reading->devices;
    if (sum->source != reading->source) sum->source += "+" + reading->source;
    if (!full(reading->grade)) sum->grade = reading->grade;
  }
  return sum;
}

model::TelemetrySnapshot ReadingStore::merge() const {
  model::TelemetrySnapshot snapshot;
  snapshot.nodes.reserve(nodes_.size());
  for (const auto& [name, entry] : nodes_) snapshot.nodes.emplace(name, merged(entry));
  snapshot.pods.reserve(pods_.size());
  for (const auto& [name, entry] : pods_) {
    if (auto reading = merged(entry)) snapshot.pods.emplace(name, *std::move(reading));
  }
  return snapshot;
}

}  // namespace headroom::telemetry
