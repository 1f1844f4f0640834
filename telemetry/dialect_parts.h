// Pieces that several dialects share. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "telemetry/counter_memory.h"
#include "telemetry/cpu_zones.h"
#include "telemetry/readings.h"
#include "telemetry/sample_table.h"

namespace headroom::telemetry {

// The sum of gauge rows as one node reading: none when there are no rows, the sum is zero, or all are unreadable (the
// last two are told in `rejected`); partial when some are unreadable.
struct GaugeRule {
  model::PowerScope scope = model::PowerScope::wall;
  std::string_view source;
  base::Seconds window{5};  // how far before the sample its measurement may have begun
};
[[nodiscard]] Readings read_gauge_sum(const std::vector<SampleRow>& rows, LabelNames labels, const GaugeRule& rule);

// The mean power of counters in joules, one per identity, since they were last read. `unusable` when there are rows but
// no value now.
struct CounterRule {
  std::string quantity;  // names it in the memory
  CounterRules timing;
};
[[nodiscard]] Zone read_counter_sum(const std::vector<SampleRow>& rows, LabelNames labels, const CounterRule& rule,
                                    CounterMemory& counters);

// A reading of counters in a scope; nothing without a mean, rejected where the counters stand still.
[[nodiscard]] Readings read_counter_scope(const Zone& zone, model::PowerScope scope, const std::string& source);

// "namespace/name" of the pod that a series is about, by the labels that dcgm-exporter and cAdvisor use; empty: none.
// Prometheus moves them to exported_*, and what then stands in `namespace` and `pod` is the exporter's own pod.
[[nodiscard]] std::string workload_pod(const Sample& row);

// Temperatures that a sensor may have, -40 to 125 C: absent sensors print NaN, 127, 255 or huge numbers. The highest of
// the rows counts.
[[nodiscard]] Readings read_hottest(const std::vector<SampleRow>& rows, TemperatureKind kind, std::string_view source);

}  // namespace headroom::telemetry
