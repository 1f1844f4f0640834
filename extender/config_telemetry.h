// Section "telemetry" of the configuration file: telemetry::TelemetryConfig key by key. Private to extender/.
#pragma once

#include "runtime/config_reader.h"
#include "telemetry/telemetry_config.h"

namespace headroom::extender {

// Problems, those of telemetry::validate included, are noted in the reader.
[[nodiscard]] telemetry::TelemetryConfig read_telemetry(const runtime::ConfigReader& section);

}  // namespace headroom::extender
