// The arithmetic and the parsers of the kernel's RAPL driver, as measured on 6.12: what a number becomes on its way
// into a register and back. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace headroom::raplfs {

// A power limit is a 15-bit field in units of 1/8 W: rounded down, and wrapping without an error.
inline constexpr std::uint64_t kPowerUnitMicrowatts = 125'000;
inline constexpr std::uint64_t kPowerMask = 0x7fff;
[[nodiscard]] std::uint64_t power_register(std::uint64_t microwatts);
[[nodiscard]] std::uint64_t power_microwatts(std::uint64_t value);

// A time window is 2^Y * (1 + F/4) units of 976 us in 7 bits: rounded down; too long a one saturates and then reads as
// the driver's overflow, 4611682350525317120.
inline constexpr std::uint64_t kTimeUnitMicroseconds = 976;
[[nodiscard]] std::uint64_t window_register(std::uint64_t microseconds);
[[nodiscard]] std::uint64_t window_microseconds(std::uint64_t value);

// An energy counter has 32 bits of `unit` nanojoules.
[[nodiscard]] std::uint64_t energy_microjoules(double consumed_microjoules, std::uint64_t unit_nanojoules);
[[nodiscard]] std::uint64_t energy_range_microjoules(std::uint64_t unit_nanojoules);

// kstrtou64(text, 10): decimal digits, one leading '+' and one trailing newline allowed. Empty: EINVAL to the writer.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);
// kstrtobool: 1 y Y t T on / 0 n N f F of(f).
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);

}  // namespace headroom::raplfs
