#include "test/rigs/raplfs/registers.h"

#include <bit>
#include <limits>

namespace headroom::raplfs {

namespace {

constexpr std::uint64_t kEnergyMask = 0xffffffff;
constexpr std::uint64_t kWindowLongest = 0x7f;
constexpr unsigned kWindowExponents = 0x1f;

}  // namespace

std::uint64_t power_register(std::uint64_t microwatts) {
  return (microwatts / kPowerUnitMicrowatts) & kPowerMask;
}

std::uint64_t power_microwatts(std::uint64_t value) {
  return value * kPowerUnitMicrowatts;
}

std::uint64_t window_register(std::uint64_t microseconds) {
  const std::uint64_t units = microseconds / kTimeUnitMicroseconds;
  if (units == 0) return 0;
  const unsigned exponent = static_cast<unsigned>(std::bit_width(units)) - 1;
  if (exponent > kWindowExponents) return kWindowLongest;
  const std::uint64_t power = std::uint64_t{1} << exponent;
  const std::uint64_t quarters = 4 * (units - power) / power;
  return exponent | (quarters << 5U);
}

std::uint64_t window_microseconds(std::uint64_t value) {
  const unsigned exponent = value & kWindowExponents;
  const std::uint64_t quarters = (value >> 5U) & 3U;
  // The driver shifts a signed 32-bit one; at 31 that is negative and is carried on as such.
  const auto power = static_cast<std::int64_t>(static_cast<std::int32_t>(std::uint32_t{1} << exponent));
  return static_cast<std::uint64_t>(power) * (4 + quarters) * kTimeUnitMicroseconds / 4;
}

std::uint64_t energy_microjoules(double consumed_microjoules, std::uint64_t unit_nanojoules) {
  const double units = consumed_microjoules * 1000.0 / static_cast<double>(unit_nanojoules);
  return (static_cast<std::uint64_t>(units) & kEnergyMask) * unit_nanojoules / 1000;
}

std::uint64_t energy_range_microjoules(std::uint64_t unit_nanojoules) {
  return kEnergyMask * unit_nanojoules / 1000;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    const auto value = static_cast<std::uint64_t>(digit - '0');
    if (number > (std::numeric_limits<std::uint64_t>::max() - value) / 10) return std::nullopt;
    number = number * 10 + value;
  }
  return number;
}

std::optional<bool> parse_switch(std::string_view text) {
  if (text.empty()) return std::nullopt;
  switch (text.front()) {
    case '1':
    case 'y':
    case 'Y':
    case 't':
    case 'T': return true;
    case '0':
    case 'n':
    case 'N':
    case 'f':
    case 'F': return false;
    case 'o':
    case 'O':
      if (text.size() < 2) return std::nullopt;
      if (text[1] == 'n' || text[1] == 'N') return true;
      if (text[1] == 'f' || text[1] == 'F') return false;
      return std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace headroom::raplfs
