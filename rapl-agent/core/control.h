// The address of one value that can be read and, mostly, written: which domain, by which interface, which field.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom::rapl_agent::core {

enum class Surface { msr, mmio, nvml, hwmon, cpufreq };
[[nodiscard]] std::string_view to_string(Surface surface);

// Values are uint64 in the field's own unit. RAPL limits exceed 2^31 microwatts on real machines.
enum class Field {
  long_term_limit,   // microwatts: PL1, or the only limit of a GPU, hwmon cap or DRAM zone
  short_term_limit,  // microwatts: PL2
  long_term_window,  // microseconds
  enabled,           // 0 or 1. Writing 1 also enables PL2; a state of PL2 alone can be neither seen nor restored
  enforced_limit,    // microwatts, read only: what acts after all limiters (NVML). Absent: long_term_limit acts
  max_frequency,     // kilohertz: scaling_max_freq
  locked_clock,      // megahertz, upper bound of NVML's locked clocks; 0 as an original means "not locked"
};
[[nodiscard]] std::string_view to_string(Field field);
// The inverses, for the journal; nothing when the name is none.
[[nodiscard]] std::optional<Surface> surface_named(std::string_view name);
[[nodiscard]] std::optional<Field> field_named(std::string_view name);

struct ControlKey {
  std::string domain;
  Surface surface = Surface::msr;
  Field field = Field::long_term_limit;

  auto operator<=>(const ControlKey&) const = default;
};
// "rapl/package-0 msr long_term_limit", for messages.
[[nodiscard]] std::string to_string(const ControlKey& key);

}  // namespace headroom::rapl_agent::core
