#include "telemetry/dialect_parts.h"

#include <algorithm>

namespace headroom::telemetry {
namespace {

constexpr base::Temperature kColdest = base::celsius(-40);
constexpr base::Temperature kHottest = base::celsius(125);

[[nodiscard]] std::string rejection(std::string_view source, const Sample& sample) {
  return std::string(source) + ": " + to_string(sample) + " " + std::to_string(sample.value);
}

}  // namespace

Readings read_gauge_sum(const std::vector<SampleRow>& rows, LabelNames labels, const GaugeRule& rule) {
  Readings readings;
  const PowerSum sum = sum_power(rows, labels);
  if (sum.unreadable > 0) {
    readings.rejected.push_back(std::string(rule.source) + ": " + rows.front()->name + " " +
                                std::to_string(sum.unreadable_value));
  }
  if (sum.rows == 0) return readings;
  if (sum.power == base::Power{}) {
    readings.rejected.push_back(std::string(rule.source) + ": " + rows.front()->name + " 0 W in all");
    return readings;
  }
  const model::Grade grade = sum.unreadable > 0 ? model::Grade::partial : model::Grade::measured;
  const std::uint32_t devices = rule.scope == model::PowerScope::gpu ? sum.rows : 0;
  readings.power.push_back(
      {rule.scope, {sum.power, sum.oldest - rule.window, sum.oldest, grade, std::string(rule.source), devices}});
  return readings;
}

Zone read_counter_sum(const std::vector<SampleRow>& rows, LabelNames labels, const CounterRule& rule,
                      CounterMemory& counters) {
  if (rows.empty()) return {};
  CounterFrame frame;
  for (const auto& [key, row] : distinct(rows, labels)) {
    const auto energy = base::energy_from_joules(row->value);
    if (!energy || *energy < base::Energy{}) return {std::nullopt, true};
    frame.time = std::max(frame.time, row->time);
    frame.values.emplace(key, *energy);
  }
  auto mean = counters.step(rule.quantity, std::move(frame), rule.timing);
  if (mean && !plausible_power(base::to_watts(mean->power))) mean.reset();
  return {mean, !mean};
}

Readings read_counter_scope(const Zone& zone, model::PowerScope scope, const std::string& source) {
  Readings readings;
  if (!zone.mean) return readings;
  if (zone.mean->power > base::Power{}) {
    readings.power.push_back(
        {scope, {zone.mean->power, zone.mean->start, zone.mean->end, model::Grade::measured, source, 0}});
  } else {
    readings.rejected.push_back(source + ": a counter that stands still");
  }
  return readings;
}

std::string workload_pod(const Sample& row) {
  const bool through_prometheus = !row.label("job").empty();
  const std::string_view ns = row.label(through_prometheus ? "exported_namespace" : "namespace");
  const std::string_view name = row.label(through_prometheus ? "exported_pod" : "pod");
  return ns.empty() || name.empty() ? std::string() : std::string(ns) + "/" + std::string(name);
}

Readings read_hottest(const std::vector<SampleRow>& rows, TemperatureKind kind, std::string_view source) {
  Readings readings;
  std::optional<model::TemperatureReading> hottest;
  for (const SampleRow row : rows) {
    const auto temperature = base::temperature_from_celsius(row->value);
    if (!temperature || *temperature < kColdest || *temperature > kHottest) {
      readings.rejected.push_back(rejection(source, *row));
    } else if (!hottest || *temperature > hottest->temperature) {
      hottest = {*temperature, row->time, model::Grade::measured, std::string(source)};
    }
  }
  if (hottest) readings.temperatures.push_back({kind, *hottest});
  return readings;
}

}  // namespace headroom::telemetry
