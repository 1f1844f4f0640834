#include "telemetry/cpu_zones.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/units.h"

namespace headroom::telemetry {
namespace {

using model::Grade;
using model::PowerScope;

// Both windows must lie inside.
[[nodiscard]] MeanPower plus(const MeanPower& a, const MeanPower& b) {
  return {a.power + b.power, std::min(a.start, b.start), std::min(a.end, b.end)};
}

[[nodiscard]] std::optional<MeanPower> package_dram(const CpuZones& zones) {
  if (!zones.package.mean || zones.dram.unusable) return std::nullopt;
  return zones.dram.mean ? plus(*zones.package.mean, *zones.dram.mean) : *zones.package.mean;
}

[[nodiscard]] bool psys_usable(const CpuZones& zones) {
  if (!zones.psys.mean || zones.psys.mean->power <= base::Power{}) return false;
  return !zones.package.mean || zones.psys.mean->power >= zones.package.mean->power;
}

[[nodiscard]] bool draws(const std::optional<MeanPower>& mean) {
  return mean && mean->power > base::Power{};
}

[[nodiscard]] NodePower reading(PowerScope scope, const MeanPower& mean, const std::string& source) {
  return {scope, {mean.power, mean.start, mean.end, Grade::measured, source, 0}};
}

[[nodiscard]] std::string watts_text(base::Power power) {
  return std::to_string(base::to_watts(power)) + " W";
}

}  // namespace

ZoneChoice choose(const CpuZones& zones) {
  if (psys_usable(zones)) return ZoneChoice::psys;
  if (draws(package_dram(zones))) return ZoneChoice::package_dram;
  const bool package_printed = zones.package.mean || zones.package.unusable;
  return !package_printed && draws(zones.core.mean) ? ZoneChoice::core : ZoneChoice::none;
}

std::string zone_kind(std::string_view zone) {
  std::string lower;
  for (const char c : zone) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view kind : std::array<std::string_view, 4>{"psys", "package", "dram", "core"}) {
    if (lower.starts_with(kind)) return std::string(kind);
  }
  return lower;
}

Readings read_zones(const CpuZones& zones, const std::string& source) {
  Readings readings;
  const auto package = package_dram(zones);
  if (psys_usable(zones)) {
    readings.power.push_back(reading(PowerScope::psys, *zones.psys.mean, source));
  } else if (zones.psys.mean) {
    readings.rejected.push_back(source + ": psys " + watts_text(zones.psys.mean->power) +
                                (zones.package.mean ? " is below package " + watts_text(zones.package.mean->power)
                                                    : " is no draw of a running machine"));
  }
  if (draws(package)) {
    readings.power.push_back(reading(PowerScope::package_dram, *package, source));
  } else if (package) {
    readings.rejected.push_back(source + ": package 0 W is no draw of a running machine");
  } else if (choose(zones) == ZoneChoice::core) {
    readings.power.push_back(reading(PowerScope::package_dram, *zones.core.mean, source));
    readings.power.back().reading.grade = Grade::partial;
  }
  return readings;
}

}  // namespace headroom::telemetry
