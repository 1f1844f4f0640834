// node_exporter: RAPL counters per zone and socket, hwmon temperatures named by a join of three metrics.
#include <algorithm>
#include <map>
#include <string>

#include "telemetry/dialect_parts.h"
#include "telemetry/dialects.h"
#include "telemetry/sensor_names.h"

namespace headroom::telemetry {
namespace {

const std::string kSource = "node_exporter";

[[nodiscard]] bool is_mmio(const Sample& row) {
  return row.label("path").find("rapl-mmio") != std::string_view::npos;
}

// One socket may be shown twice, by its registers and memory-mapped: the same joules.
[[nodiscard]] std::vector<SampleRow> without_mirrors(std::vector<SampleRow> rows) {
  const bool has_registers = std::any_of(rows.begin(), rows.end(), [](SampleRow row) { return !is_mmio(*row); });
  if (has_registers) std::erase_if(rows, [](SampleRow row) { return is_mmio(*row); });
  return rows;
}

[[nodiscard]] Zone rapl_zone(const SampleTable& samples, const std::string& zone, CounterMemory& counters) {
  // "node_rapl_package_0_die_joules_total" on machines with several dies a package.
  const auto rows = without_mirrors(samples.matching("node_rapl_" + zone, "_joules_total"));
  return read_counter_sum(rows, {"index", "path"}, {"rapl " + zone, {}}, counters);
}

[[nodiscard]] Readings read_rapl(const SampleTable& samples, CounterMemory& counters) {
  CpuZones zones;
  zones.psys = rapl_zone(samples, "psys", counters);
  zones.package = rapl_zone(samples, "package", counters);
  zones.dram = rapl_zone(samples, "dram", counters);
  zones.core = rapl_zone(samples, "core", counters);
  return read_zones(zones, kSource);
}

using Names = std::map<std::string, std::string>;

[[nodiscard]] Names chip_names(const SampleTable& samples) {
  Names names;
  for (const SampleRow row : samples.named("node_hwmon_chip_names")) {
    names[identity(*row, {"chip"})] = std::string(row->label("chip_name"));
  }
  return names;
}

[[nodiscard]] Names sensor_labels(const SampleTable& samples) {
  Names names;
  for (const SampleRow row : samples.named("node_hwmon_sensor_label")) {
    names[identity(*row, {"chip", "sensor"})] = std::string(row->label("label"));
  }
  return names;
}

[[nodiscard]] std::string find(const Names& names, const std::string& key) {
  const auto found = names.find(key);
  return found == names.end() ? std::string() : found->second;
}

[[nodiscard]] bool is_gpu_chip(std::string_view chip) {
  return chip == "amdgpu" || chip == "nouveau" || chip == "xe";
}

// The sensor's own label decides; a chip made for one purpose ("inlet_sensor") names what its sensors do not.
[[nodiscard]] std::optional<TemperatureKind> kind_of_hwmon(std::string_view label, std::string_view chip) {
  if (is_gpu_chip(chip)) return TemperatureKind::gpu;
  if (const auto kind = kind_of_sensor(label)) return kind;
  const auto of_chip = kind_of_sensor(chip);
  return of_chip == TemperatureKind::inlet ? of_chip : std::nullopt;
}

[[nodiscard]] Readings read_hwmon(const SampleTable& samples) {
  const Names chips = chip_names(samples);
  const Names labels = sensor_labels(samples);
  std::map<TemperatureKind, std::vector<SampleRow>> rows;
  for (const SampleRow row : samples.named("node_hwmon_temp_celsius")) {
    std::string chip = find(chips, identity(*row, {"chip"}));
    if (chip.empty()) chip = std::string(row->label("chip"));
    const std::string label = find(labels, identity(*row, {"chip", "sensor"}));
    if (const auto kind = kind_of_hwmon(label, chip)) rows[*kind].push_back(row);
  }
  for (const SampleRow row : samples.named("node_thermal_zone_temp")) {
    if (row->label("type") == "x86_pkg_temp") rows[TemperatureKind::package].push_back(row);
  }
  Readings readings;
  for (const auto& [kind, found] : rows) readings.add(read_hottest(found, kind, kSource));
  return readings;
}

}  // namespace

Readings read_node_exporter(const SampleTable& samples, CounterMemory& counters) {
  Readings readings = read_rapl(samples, counters);
  readings.add(read_hwmon(samples));
  return readings;
}

}  // namespace headroom::telemetry
