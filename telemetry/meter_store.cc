#include "telemetry/meter_store.h"

#include <algorithm>

namespace headroom::telemetry {
namespace {

constexpr base::Seconds kTogether{60};
constexpr base::Seconds kRowsMayBeMissing{900};

[[nodiscard]] bool misses_rows(const model::PowerReading& before, const model::PowerReading& now) {
  return now.devices < before.devices && now.window_end < before.window_end + kRowsMayBeMissing;
}

}  // namespace

void MeterStore::set_queries(TopologyQueries queries) {
  std::vector<Answers> next;
  next.reserve(queries.size());
  for (MeterQuery& query : queries) {
    const auto old =
        std::find_if(answers_.begin(), answers_.end(), [&](const Answers& answers) { return answers.query == query; });
    if (old != answers_.end()) {
      next.push_back(std::move(*old));
    } else {
      next.push_back({std::move(query), {}, {}, {}});
    }
  }
  answers_ = std::move(next);
}

void MeterStore::add(const MeterQuery& query, const MeterReadings& readings) {
  for (Answers& answers : answers_) {
    if (!(answers.query == query)) continue;
    for (const auto& [target, reading] : readings.meters) {
      const auto [entry, inserted] = answers.meters.emplace(target, reading);
      if (!inserted && !misses_rows(entry->second, reading)) entry->second = reading;
    }
    for (const auto& [rack, reading] : readings.inlets) answers.inlets[rack] = reading;
    for (const auto& [policy, reading] : readings.performance) answers.performance[policy] = reading;
  }
}

void MeterStore::fill(model::TelemetrySnapshot& snapshot) const {
  for (const Answers& answers : answers_) {
    for (const auto& [target, reading] : answers.meters) {
      const auto [entry, inserted] = snapshot.element_meters.emplace(target, reading);
      if (!inserted && reading.window_end >= entry->second.window_end - kTogether) entry->second = reading;
    }
    for (const auto& [policy, reading] : answers.performance) snapshot.performance.emplace(policy, reading);
    for (const auto& [rack, reading] : answers.inlets) {
      const auto [entry, inserted] = snapshot.rack_inlets.emplace(rack, reading);
      if (inserted) continue;
      model::TemperatureReading& other = entry->second;
      const bool hotter = reading.temperature > other.temperature && reading.time >= other.time - kTogether;
      if (hotter || other.time < reading.time - kTogether) other = reading;
    }
  }
}

}  // namespace headroom::telemetry
