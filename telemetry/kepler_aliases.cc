// The names of the first power guide, which no Kepler ever printed but operators have as recording rules.
//
// What kepler_node_power_watts covers is not told: behind it may be a BMC, psys, or package + dram + GPU. So it counts
// as psys: the CPU side of the node. Where a GPU series stands beside it, that part is taken out of it and counts as
// GPU, which keeps the sum; where none does, the node's GPUs stay counted by their estimates.
#include <string>

#include "telemetry/dialect_parts.h"
#include "telemetry/dialects.h"

namespace headroom::telemetry {
namespace {

constexpr base::Seconds kWindow{5};
constexpr CounterRules kTiming{base::Seconds(10), base::Seconds(150)};
const std::string kSource = "kepler-aliases";

[[nodiscard]] Readings gauge(const SampleTable& samples, std::string_view name, model::PowerScope scope) {
  // No labels tell rows apart: all rows of a node are the same quantity, so the newest counts.
  return read_gauge_sum(samples.named(name), {}, {scope, kSource, kWindow});
}

// Takes the GPUs' share out of the node's total.
[[nodiscard]] Readings without_gpu(Readings total, const Readings& gpu) {
  if (total.power.empty() || gpu.power.empty()) return total;
  model::PowerReading& reading = total.power.front().reading;
  const base::Power share = gpu.power.front().reading.power;
  // A total below its GPUs does not contain them.
  if (reading.power > share) reading.power -= share;
  return total;
}

}  // namespace

Readings read_kepler_aliases(const SampleTable& samples, CounterMemory& counters) {
  Readings gpu = gauge(samples, "kepler_node_gpu_power_watts", model::PowerScope::gpu);
  for (NodePower& power : gpu.power) power.reading.devices = 0;  // one row for all GPUs
  Readings total = gauge(samples, "kepler_node_power_watts", model::PowerScope::psys);
  const Zone energy =
      read_counter_sum(samples.named("kepler_node_energy_joules_total"), {}, {"alias energy", kTiming}, counters);
  if (total.power.empty()) total.add(read_counter_scope(energy, model::PowerScope::psys, kSource));

  Readings readings = without_gpu(std::move(total), gpu);
  readings.add(gauge(samples, "kepler_node_cpu_power_watts", model::PowerScope::package_dram));
  readings.add(std::move(gpu));
  return readings;
}

}  // namespace headroom::telemetry
