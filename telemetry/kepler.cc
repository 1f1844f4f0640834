// Kepler 0.10 and later. Every row carries node_name; zones overlap; zones of several sockets are already added up by
// Kepler (path "aggregated-<zone>"); what a scrape shows is the mean since Kepler's last refresh, at most its interval
// (5 s) ago; the first refresh after a start shows 0 W everywhere.
#include <algorithm>
#include <map>
#include <string>

#include "telemetry/dialect_parts.h"
#include "telemetry/dialects.h"

namespace headroom::telemetry {
namespace {

constexpr base::Seconds kInterval{5};
constexpr std::string_view kSource = "kepler";

// Adds one row to the zone it belongs to. Zones we do not know (uncore) are inside package.
void add_zone(CpuZones& zones, const Sample& row) {
  const std::string kind = zone_kind(row.label("zone"));
  Zone* zone = kind == "psys"      ? &zones.psys
               : kind == "package" ? &zones.package
               : kind == "dram"    ? &zones.dram
               : kind == "core"    ? &zones.core
                                   : nullptr;
  if (zone == nullptr) return;
  const auto power = plausible_power(row.value);
  if (!power || zone->unusable) {
    *zone = {std::nullopt, true};
  } else if (!zone->mean) {
    zone->mean = MeanPower{*power, row.time - kInterval, row.time};
  } else {
    zone->mean->power += *power;
    if (!plausible_power(base::to_watts(zone->mean->power))) *zone = {std::nullopt, true};
  }
}

[[nodiscard]] CpuZones zones_of(const std::vector<SampleRow>& rows) {
  CpuZones zones;
  for (const auto& [key, row] : distinct(rows, {"zone", "path"})) add_zone(zones, *row);
  return zones;
}

// What one pod draws in the zones that were chosen for its node.
[[nodiscard]] std::optional<MeanPower> in_zones(const CpuZones& zones, ZoneChoice choice) {
  switch (choice) {
    case ZoneChoice::psys: return zones.psys.mean;
    case ZoneChoice::core: return zones.core.mean;
    case ZoneChoice::none: return std::nullopt;
    case ZoneChoice::package_dram: break;
  }
  std::optional<MeanPower> sum = zones.package.mean;
  if (sum && zones.dram.mean) sum->power += zones.dram.mean->power;
  return zones.dram.unusable ? std::nullopt : sum;
}

[[nodiscard]] bool terminated(const Sample& row) {
  return row.label("state") == "terminated";
}

using RowsByPod = std::map<std::string, std::vector<SampleRow>>;

[[nodiscard]] RowsByPod by_pod(const std::vector<SampleRow>& rows) {
  RowsByPod pods;
  for (const SampleRow row : rows) {
    const std::string_view name = row->label("pod_name");
    if (name.empty() || terminated(*row)) continue;
    pods[std::string(row->label("pod_namespace")) + "/" + std::string(name)].push_back(row);
  }
  return pods;
}

[[nodiscard]] Readings read_pods(const SampleTable& samples, ZoneChoice choice) {
  Readings readings;
  for (const auto& [pod, rows] : by_pod(samples.named("kepler_pod_cpu_watts"))) {
    const auto mean = in_zones(zones_of(rows), choice);
    if (!mean) continue;
    readings.pods.push_back(
        {pod, PodPart::cpu, {mean->power, mean->start, mean->end, model::Grade::measured, std::string(kSource), 0}});
  }
  for (const auto& [pod, rows] : by_pod(samples.named("kepler_pod_gpu_watts"))) {
    const PowerSum sum = sum_power(rows, {"pod_id"});
    if (sum.rows == 0) continue;
    readings.pods.push_back(
        {pod,
         PodPart::gpu,
         {sum.power, sum.oldest - kInterval, sum.oldest, model::Grade::measured, std::string(kSource), 0}});
  }
  return readings;
}

// Rows of power supplies are added up; only a BMC that prints none is read by its power controls.
[[nodiscard]] Readings read_platform(const SampleTable& samples) {
  std::vector<SampleRow> supplies;
  std::vector<SampleRow> controls;
  for (const SampleRow row : samples.named("kepler_platform_watts")) {
    (row->label("source_type") == "PowerControl" ? controls : supplies).push_back(row);
  }
  const GaugeRule rule{model::PowerScope::wall, "kepler", kInterval};
  Readings readings = read_gauge_sum(supplies.empty() ? controls : supplies,
                                     {"bmc_id", "chassis_id", "source_type", "source_id"}, rule);
  if (readings.power.empty()) readings.add(read_gauge_sum(samples.named("kepler_node_platform_watts"), {}, rule));
  return readings;
}

}  // namespace

Readings read_kepler(const SampleTable& samples) {
  const CpuZones zones = zones_of(samples.named("kepler_node_cpu_watts"));
  Readings readings = read_zones(zones, std::string(kSource));
  if (zones.package.unusable || zones.psys.unusable || zones.dram.unusable) {
    readings.rejected.push_back("kepler: kepler_node_cpu_watts has a value that no machine has");
  }
  readings.add(read_gauge_sum(samples.named("kepler_node_gpu_watts"), {"gpu", "gpu_uuid"},
                              {model::PowerScope::gpu, kSource, kInterval}));
  readings.add(read_platform(samples));
  readings.add(read_pods(samples, choose(zones)));
  return readings;
}

}  // namespace headroom::telemetry
