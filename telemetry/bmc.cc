// Exporters that ask the machine's management controller: ipmi_exporter, redfish_exporter, idrac_exporter. What they
// measure is the whole machine, what they print may be a minute old. Label names differ between versions
// (power_votage_id was redfish_exporter's own spelling once); a label that a version does not have counts as empty.
//
// Several of a BMC's figures mean the same watts, some of them lower (output instead of input, one supply not read):
// the highest counts.
#include <array>
#include <map>
#include <string>

#include "telemetry/dialect_parts.h"
#include "telemetry/dialects.h"
#include "telemetry/sensor_names.h"

namespace headroom::telemetry {
namespace {

constexpr base::Seconds kDcmiWindow{15};
constexpr base::Seconds kRedfishWindow{60};

[[nodiscard]] GaugeRule wall(std::string_view source, base::Seconds window) {
  return {model::PowerScope::wall, source, window};
}

[[nodiscard]] bool better(const Readings& a, const Readings& b) {
  if (a.power.empty() || b.power.empty()) return !a.power.empty();
  const model::PowerReading& x = a.power.front().reading;
  const model::PowerReading& y = b.power.front().reading;
  if ((x.grade == model::Grade::measured) != (y.grade == model::Grade::measured)) {
    return x.grade == model::Grade::measured;
  }
  return x.power > y.power;
}

// Of two ways to say the same, the one that is complete, then the higher one. What either rejects is kept.
[[nodiscard]] Readings higher(Readings a, Readings b) {
  const bool use_b = better(b, a);
  Readings& kept = use_b ? b : a;
  Readings& other = use_b ? a : b;
  other.power.clear();
  kept.add(std::move(other));
  return std::move(kept);
}

// Temperatures by the sensor's own name, which stands in this label.
[[nodiscard]] Readings read_named_sensors(const std::vector<SampleRow>& rows, std::string_view label,
                                          std::string_view source) {
  std::map<TemperatureKind, std::vector<SampleRow>> by_kind;
  for (const SampleRow row : rows) {
    if (const auto kind = kind_of_sensor(row->label(label))) by_kind[*kind].push_back(row);
  }
  Readings readings;
  for (const auto& [kind, found] : by_kind) readings.add(read_hottest(found, kind, source));
  return readings;
}

[[nodiscard]] bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// ipmi_power_watts is a free list of sensors: one that means the machine, else all supplies' inputs.
[[nodiscard]] std::vector<SampleRow> machine_rows(const std::vector<SampleRow>& rows) {
  constexpr std::array<std::string_view, 7> kMachine{"Pwr Consumption", "System Power", "Sys Power", "Total Power",
                                                     "Total_Power",     "Power Meter",  "Sys_Power"};
  std::vector<SampleRow> machine;
  std::vector<SampleRow> supplies;
  for (const SampleRow row : rows) {
    const std::string_view name = row->label("name");
    for (const std::string_view word : kMachine) {
      if (contains(name, word) && machine.empty()) machine.push_back(row);
    }
    const bool is_supply = name.starts_with("PS") || contains(name, "Power Supply");
    if (is_supply && !contains(name, "Out") && !contains(name, "POUT")) supplies.push_back(row);
  }
  return machine.empty() ? supplies : machine;
}

}  // namespace

Readings read_ipmi(const SampleTable& samples) {
  constexpr std::string_view kSource = "ipmi";
  const GaugeRule rule = wall(kSource, kDcmiWindow);
  // The same figure, named by the exporter's version.
  Readings readings = higher(read_gauge_sum(samples.named("ipmi_dcmi_power_consumption_current_watts"), {}, rule),
                             read_gauge_sum(samples.named("ipmi_dcmi_power_consumption_watts"), {}, rule));
  readings = higher(std::move(readings),
                    read_gauge_sum(machine_rows(samples.named("ipmi_power_watts")), {"id", "name"}, rule));
  readings.add(read_named_sensors(samples.named("ipmi_temperature_celsius"), "name", kSource));
  return readings;
}

Readings read_redfish(const SampleTable& samples) {
  constexpr std::string_view kSource = "redfish";
  Readings consumed =
      read_gauge_sum(samples.named("redfish_chassis_power_average_consumed_watts"),
                     {"chassis_id", "power_voltage_id", "power_votage_id"}, wall(kSource, kRedfishWindow));
  Readings inputs =
      read_gauge_sum(samples.named("redfish_chassis_power_powersupply_power_input_watts"),
                     {"chassis_id", "power_supply_id", "power_supply", "power_id"}, wall(kSource, kRedfishWindow));
  Readings readings = higher(std::move(consumed), std::move(inputs));
  readings.add(read_named_sensors(samples.named("redfish_chassis_temperature_celsius"), "sensor", kSource));
  return readings;
}

Readings read_idrac(const SampleTable& samples) {
  constexpr std::string_view kSource = "idrac";
  Readings consumed = read_gauge_sum(samples.named("idrac_power_control_consumed_watts"), {"id", "name"},
                                     wall(kSource, kRedfishWindow));
  Readings inputs =
      read_gauge_sum(samples.named("idrac_power_supply_input_watts"), {"id", "psu"}, wall(kSource, kRedfishWindow));
  Readings readings = higher(std::move(consumed), std::move(inputs));
  readings.add(read_named_sensors(samples.named("idrac_sensors_temperature"), "name", kSource));
  return readings;
}

}  // namespace headroom::telemetry
