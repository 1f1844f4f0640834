// Kepler 0.9 and earlier: counters in joules with a `mode` label, dynamic and idle, which add up. They are refreshed
// every 3 s, so a mean over less than 10 s is a saw-tooth. `package` numbers the sockets; the node is in `instance`.
#include <map>
#include <string>

#include "telemetry/dialect_parts.h"
#include "telemetry/dialects.h"

namespace headroom::telemetry {
namespace {

constexpr CounterRules kTiming{base::Seconds(10), base::Seconds(150)};
const std::string kSource = "kepler-legacy";

// The current Kepler prints kepler_node_gpu_joules_total too, without a mode.
[[nodiscard]] std::vector<SampleRow> with_mode(const std::vector<SampleRow>& rows) {
  std::vector<SampleRow> kept;
  for (const SampleRow row : rows) {
    if (!row->label("mode").empty()) kept.push_back(row);
  }
  return kept;
}

[[nodiscard]] Zone node_counter(const SampleTable& samples, const std::string& component, CounterMemory& counters) {
  return read_counter_sum(with_mode(samples.named("kepler_node_" + component + "_joules_total")),
                          {"package", "mode", "source", "gpu_id"}, {"legacy " + component, kTiming}, counters);
}

// Containers of a pod, whatever the version calls the labels.
[[nodiscard]] std::string pod_of(const Sample& row) {
  const std::string_view name = row.label("pod_name");
  if (name.empty()) return workload_pod(row);
  return std::string(row.label("container_namespace")) + "/" + std::string(name);
}

// kepler_container_joules_total is package + dram + other + gpu of a container already.
[[nodiscard]] Readings read_pods(const SampleTable& samples, CounterMemory& counters) {
  std::map<std::string, std::vector<SampleRow>> pods;
  for (const SampleRow row : samples.named("kepler_container_joules_total")) {
    if (std::string pod = pod_of(*row); !pod.empty()) pods[std::move(pod)].push_back(row);
  }
  Readings readings;
  for (const auto& [pod, rows] : pods) {
    const Zone zone = read_counter_sum(rows, {"container_id", "container_name", "container", "mode"},
                                       {"legacy pod " + pod, kTiming}, counters);
    if (!zone.mean) continue;
    readings.pods.push_back(
        {pod, PodPart::cpu, {zone.mean->power, zone.mean->start, zone.mean->end, model::Grade::measured, kSource, 0}});
  }
  return readings;
}

}  // namespace

Readings read_kepler_legacy(const SampleTable& samples, CounterMemory& counters) {
  CpuZones zones;
  zones.package = node_counter(samples, "package", counters);
  zones.dram = node_counter(samples, "dram", counters);
  zones.core = node_counter(samples, "core", counters);
  Readings readings = read_zones(zones, kSource);
  readings.add(read_counter_scope(node_counter(samples, "gpu", counters), model::PowerScope::gpu, kSource));
  readings.add(read_counter_scope(node_counter(samples, "platform", counters), model::PowerScope::wall, kSource));
  readings.add(read_pods(samples, counters));
  return readings;
}

}  // namespace headroom::telemetry
