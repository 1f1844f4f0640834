// What a temperature sensor measures, by the names people gave it. Only inlet air is compared with rack limits, so a
// name must say so clearly; a sensor of unknown kind is not used at all. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "telemetry/readings.h"

namespace headroom::telemetry {

// "Inlet Temp", "System Board Inlet Temp", "Ambient", "01-Inlet Ambient", "Intake": inlet, unless it is the inlet of a
// part (PSU, PCIe, GPU, DIMM). "CPU1 Temp", "Package id 0", "Tctl": package. Nothing: anything else.
[[nodiscard]] std::optional<TemperatureKind> kind_of_sensor(std::string_view name);

}  // namespace headroom::telemetry
