// dcgm-exporter. It collects every 30 s unless told otherwise, so what a scrape shows may be that old. Blank values are
// huge numbers. A GPU cut into MIG instances shows one row an instance, each with the watts of the whole GPU.
#include <map>
#include <string>

#include "telemetry/dialect_parts.h"
#include "telemetry/dialects.h"

namespace headroom::telemetry {
namespace {

constexpr base::Seconds kCollectInterval{30};
constexpr std::string_view kSource = "dcgm";

// Whole GPUs that belong to exactly one pod. Shared and cut ones cannot be divided, so they are nobody's.
[[nodiscard]] Readings read_pods(const std::vector<SampleRow>& rows) {
  std::map<std::string, std::string> owner;  // by GPU; "/": several
  for (const SampleRow row : rows) {
    const std::string pod = workload_pod(*row);
    const bool cut = !row->label("GPU_I_ID").empty();
    const auto [entry, inserted] = owner.emplace(identity(*row, {"UUID", "gpu"}), cut ? "/" : pod);
    if (!inserted && entry->second != pod) entry->second = "/";
  }
  std::map<std::string, std::vector<SampleRow>> pods;
  for (const SampleRow row : rows) {
    const std::string& pod = owner[identity(*row, {"UUID", "gpu"})];
    if (!pod.empty() && pod != "/") pods[pod].push_back(row);
  }
  Readings readings;
  for (const auto& [pod, own] : pods) {
    const PowerSum sum = sum_power(own, {"UUID", "gpu"});
    if (sum.rows == 0) continue;
    readings.pods.push_back({pod,
                             PodPart::gpu,
                             {sum.power, sum.oldest - kCollectInterval, sum.oldest, model::Grade::measured,
                              std::string(kSource), sum.rows}});
  }
  return readings;
}

}  // namespace

Readings read_dcgm(const SampleTable& samples) {
  const std::vector<SampleRow>& watts = samples.named("DCGM_FI_DEV_POWER_USAGE");
  Readings readings = read_gauge_sum(watts, {"UUID", "gpu"}, {model::PowerScope::gpu, kSource, kCollectInterval});
  readings.add(read_pods(watts));
  readings.add(read_hottest(samples.named("DCGM_FI_DEV_GPU_TEMP"), TemperatureKind::gpu, kSource));
  return readings;
}

}  // namespace headroom::telemetry
