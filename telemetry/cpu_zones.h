// The zones of RAPL and what they cover: psys contains package, package contains core; dram stands beside package.
// They are never added up blindly. Shared by every dialect that prints zones. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/counter_memory.h"
#include "telemetry/readings.h"

namespace headroom::telemetry {

// Of one kind of zone, all sockets together.
struct Zone {
  std::optional<MeanPower> mean;  // nothing: not printed, or not usable now
  bool unusable = false;          // printed, but not usable now: what would contain it must not pass for complete
};

struct CpuZones {
  Zone psys;
  Zone package;
  Zone dram;
  Zone core;
};

enum class ZoneChoice { none, psys, package_dram, core };

// The zones whose sum is the best measure of the node's CPUs; pods are summed over the same.
[[nodiscard]] ZoneChoice choose(const CpuZones& zones);

// "package-0", "package_0_die" -> "package". Upper and lower case alike.
[[nodiscard]] std::string zone_kind(std::string_view zone);

// A reading per scope: psys, and package + dram; core alone counts as a partial package. psys below package and sums
// of zero are rejected: no machine that runs an exporter draws nothing.
[[nodiscard]] Readings read_zones(const CpuZones& zones, const std::string& source);

}  // namespace headroom::telemetry
