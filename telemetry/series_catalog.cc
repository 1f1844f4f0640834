#include "telemetry/series_catalog.h"

#include <algorithm>
#include <array>

namespace headroom::telemetry {
namespace {

struct Series {
  std::string_view name;
  std::string_view matchers;  // of the selector; empty: all rows
};

// Sorted by name.
constexpr std::array<Series, 32> kSeries{{
    {"DCGM_FI_DEV_GPU_TEMP", ""},
    {"DCGM_FI_DEV_POWER_USAGE", ""},
    {"idrac_power_control_consumed_watts", ""},
    {"idrac_power_supply_input_watts", ""},
    {"idrac_sensors_temperature", ""},
    {"ipmi_dcmi_power_consumption_current_watts", ""},
    {"ipmi_dcmi_power_consumption_watts", ""},
    {"ipmi_power_watts", ""},
    {"ipmi_temperature_celsius", ""},
    {"kepler_container_joules_total", ""},
    {"kepler_node_core_joules_total", ""},
    {"kepler_node_cpu_power_watts", ""},
    {"kepler_node_cpu_watts", ""},
    {"kepler_node_dram_joules_total", ""},
    {"kepler_node_energy_joules_total", ""},
    {"kepler_node_gpu_joules_total", R"(mode!="")"},
    {"kepler_node_gpu_power_watts", ""},
    {"kepler_node_gpu_watts", ""},
    {"kepler_node_package_joules_total", ""},
    {"kepler_node_platform_joules_total", ""},
    {"kepler_node_platform_watts", ""},
    {"kepler_node_power_watts", ""},
    {"kepler_platform_watts", ""},
    {"kepler_pod_cpu_watts", R"(state!="terminated")"},
    {"kepler_pod_gpu_watts", R"(state!="terminated")"},
    {"node_hwmon_chip_names", ""},
    {"node_hwmon_sensor_label", ""},
    {"node_hwmon_temp_celsius", ""},
    {"node_thermal_zone_temp", R"(type="x86_pkg_temp")"},
    {"redfish_chassis_power_average_consumed_watts", ""},
    {"redfish_chassis_power_powersupply_power_input_watts", ""},
    {"redfish_chassis_temperature_celsius", ""},
}};

constexpr std::string_view kRaplPrefix = "node_rapl_";
constexpr std::string_view kRaplSuffix = "_joules_total";

static_assert(std::is_sorted(kSeries.begin(), kSeries.end(),
                             [](const Series& a, const Series& b) { return a.name < b.name; }));

[[nodiscard]] const Series* find(std::string_view name) {
  const auto found = std::lower_bound(kSeries.begin(), kSeries.end(), name,
                                      [](const Series& series, std::string_view key) { return series.name < key; });
  return found != kSeries.end() && found->name == name ? &*found : nullptr;
}

[[nodiscard]] bool is_rapl(std::string_view name) {
  return name.starts_with(kRaplPrefix) && name.ends_with(kRaplSuffix);
}

}  // namespace

bool is_wanted(std::string_view name) {
  return is_rapl(name) || find(name) != nullptr;
}

std::string presence_query() {
  std::string names;
  for (const Series& series : kSeries) names += std::string(series.name) + "|";
  return "count by (__name__) ({__name__=~\"" + names + "node_rapl_.+_joules_total\"})";
}

std::string selector_for(std::string_view name) {
  const Series* series = find(name);
  if (series == nullptr || series->matchers.empty()) return std::string(name);
  return std::string(name) + "{" + std::string(series->matchers) + "}";
}

bool is_annotation(std::string_view name) {
  return name == "node_hwmon_chip_names" || name == "node_hwmon_sensor_label";
}

}  // namespace headroom::telemetry
