#include "telemetry/sensor_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace headroom::telemetry {
namespace {

constexpr std::array<std::string_view, 4> kInlet{"inlet", "intake", "ambient", "front panel"};
// Air that has already been warmed, or another part's.
constexpr std::array<std::string_view, 15> kNotRoomAir{"outlet",       "exhaust", "psu",  "ps1",  "ps2",
                                                       "power supply", "pci",     "gpu",  "dimm", "mem",
                                                       "nic",          "ocp",     "nvme", "hdd",  "ssd"};
constexpr std::array<std::string_view, 5> kPackage{"package", "cpu", "proc", "tctl", "tdie"};
constexpr std::array<std::string_view, 6> kNotPackage{"dimm", "vr", "core ", "mem", "tjmax", "margin"};

template <std::size_t N>
[[nodiscard]] bool contains_any(const std::string& text, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

}  // namespace

std::optional<TemperatureKind> kind_of_sensor(std::string_view name) {
  std::string lower;
  for (const char c : name) {
    lower += c == '_' || c == '-' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (contains_any(lower, kInlet) && !contains_any(lower, kNotRoomAir)) return TemperatureKind::inlet;
  if (contains_any(lower, kPackage) && !contains_any(lower, kNotPackage)) return TemperatureKind::package;
  return std::nullopt;
}

}  // namespace headroom::telemetry
