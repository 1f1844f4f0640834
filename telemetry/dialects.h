// How each exporter spells power and temperature: pure functions from the samples of one node to readings. Told apart
// by names and labels, never by configuration, so a page may hold several.
//
//   kepler           0.10 and later: gauges by `zone`
//   kepler_legacy    0.9 and earlier: counters by `mode`, all modes summed
//   kepler_aliases   the names of the project's first power guide (kepler_node_power_watts{instance}), which operators
//                    have as recording rules
//   node_exporter    RAPL counters, hwmon temperatures
//   dcgm, ipmi, redfish, idrac
//
// What a gauge covers in time is not printed, so its window begins as early as the exporter's habits allow: a window
// that begins too late would count pods as measured that are not.
#pragma once

#include "telemetry/counter_memory.h"
#include "telemetry/readings.h"
#include "telemetry/sample_table.h"

namespace headroom::telemetry {

[[nodiscard]] Readings read_kepler(const SampleTable& samples);
[[nodiscard]] Readings read_kepler_legacy(const SampleTable& samples, CounterMemory& counters);
[[nodiscard]] Readings read_kepler_aliases(const SampleTable& samples, CounterMemory& counters);
[[nodiscard]] Readings read_node_exporter(const SampleTable& samples, CounterMemory& counters);
[[nodiscard]] Readings read_dcgm(const SampleTable& samples);
[[nodiscard]] Readings read_ipmi(const SampleTable& samples);
[[nodiscard]] Readings read_redfish(const SampleTable& samples);
[[nodiscard]] Readings read_idrac(const SampleTable& samples);

// All of them. `counters` belongs to this node and source.
[[nodiscard]] Readings read_all(const SampleTable& samples, CounterMemory& counters);

}  // namespace headroom::telemetry
