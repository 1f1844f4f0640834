#include "test/rigs/raplfs/chip.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "test/rigs/raplfs/registers.h"

namespace headroom::raplfs {

namespace {

using Files = std::vector<std::pair<std::string, Attribute>>;
using Register = std::uint64_t Chip::*;

constexpr std::uint64_t kMicro = 1'000'000;

Shown line(std::uint64_t number) {
  return {0, std::to_string(number) + "\n"};
}

Attribute constant(const std::string& text) {
  return {0444, [shown = text + "\n"] { return Shown{0, shown}; }, {}};
}

Attribute field(const std::shared_ptr<Chip>& chip, Register field) {
  return {0444, [chip, field] { return line((*chip).*field); }, {}};
}

Attribute draw(const std::shared_ptr<Chip>& chip) {
  return {0444, [chip] { return line(static_cast<std::uint64_t>(chip->silicon->power())); }, {}};
}

// amdgpu takes 32 bits of microwatts and keeps whole watts; 0 stands for "as it is".
int store_amdgpu(Chip& chip, std::string_view text) {
  if (chip.state == ChipState::reset) return EPERM;
  const auto value = parse_number(text);
  if (!value) return EINVAL;
  if (*value > std::numeric_limits<std::uint32_t>::max()) return ERANGE;
  const std::uint64_t watts = *value / kMicro;
  if (watts == 0 && chip.min == 0) return 0;
  if (watts < chip.min / kMicro || watts > chip.max / kMicro) return EINVAL;
  chip.cap = watts * kMicro;
  chip.apply();
  return 0;
}

Shown show_amdgpu(const Chip& chip, std::uint64_t value) {
  if (chip.state == ChipState::reset) return {EPERM, ""};
  if (chip.state == ChipState::failing) return {0, "\n"};
  return line(value);
}

// Intel's GPU drivers mask the value into the register's field; 0 switches the limit off.
Attribute intel_limit(const std::shared_ptr<Chip>& chip, Register field) {
  return {0644, [chip, field] { return line((*chip).*field); },
          [chip, field](std::string_view text) {
            const auto value = parse_number(text);
            if (!value) return EINVAL;
            (*chip).*field = power_microwatts(power_register(*value));
            chip->apply();
            return 0;
          }};
}

void add_amdgpu(Files& files, const std::shared_ptr<Chip>& chip) {
  const auto shown = [chip](Register field) {
    return Attribute{0444, [chip, field] { return show_amdgpu(*chip, (*chip).*field); }, {}};
  };
  files.emplace_back("power1_cap", Attribute{0644, [chip] { return show_amdgpu(*chip, chip->cap); },
                                             [chip](std::string_view text) { return store_amdgpu(*chip, text); }});
  files.emplace_back("power1_cap_min", shown(&Chip::min));
  files.emplace_back("power1_cap_max", shown(&Chip::max));
  files.emplace_back("power1_cap_default", shown(&Chip::default_cap));
  files.emplace_back("power1_label", constant("PPT"));
  files.emplace_back(
      "power1_average",
      Attribute{0444, [chip] { return show_amdgpu(*chip, static_cast<std::uint64_t>(chip->silicon->power())); }, {}});
  files.emplace_back("temp1_label", constant("edge"));
}

void add_intel_gpu(Files& files, const std::shared_ptr<Chip>& chip) {
  files.emplace_back("power1_max", intel_limit(chip, &Chip::cap));
  files.emplace_back("power1_rated_max", field(chip, &Chip::max));
  files.emplace_back(
      "energy1_input",
      Attribute{0444, [chip] { return line(static_cast<std::uint64_t>(chip->silicon->consumed_microjoules())); }, {}});
  if (chip->driver != "xe") return;
  files.emplace_back("power1_cap", intel_limit(chip, &Chip::burst));
  files.emplace_back("power1_label", constant("card"));
}

void add_hsmp(Files& files, const std::shared_ptr<Chip>& chip) {
  files.emplace_back("power1_input", draw(chip));
  files.emplace_back("power1_cap_max", field(chip, &Chip::max));
  files.emplace_back("power1_cap", Attribute{0644, [chip] { return line(chip->cap); },
                                             [chip](std::string_view text) {
                                               const auto value = parse_number(text);
                                               if (!value) return EINVAL;
                                               chip->cap = *value / 1000 * 1000;  // the mailbox takes milliwatts
                                               chip->apply();
                                               return 0;
                                             }});
}

void add_power_meter(Files& files, const std::shared_ptr<Chip>& chip) {
  files.emplace_back("power1_average", draw(chip));
  files.emplace_back("power1_oem_info", constant("Module Power Socket 0"));
  files.emplace_back("power1_cap_min", field(chip, &Chip::min));
  files.emplace_back("power1_cap_max", field(chip, &Chip::max));
  files.emplace_back("power1_cap", Attribute{0644, [chip] { return line(chip->cap); },
                                             [chip](std::string_view text) {
                                               const auto value = parse_number(text);
                                               if (!value || *value < chip->min || *value > chip->max) return EINVAL;
                                               chip->cap = *value / 1000 * 1000;
                                               chip->apply();
                                               return 0;
                                             }});
}

struct Driver {
  std::string_view name;
  void (*add)(Files&, const std::shared_ptr<Chip>&);
};

constexpr std::array kDrivers = {Driver{"amdgpu", add_amdgpu}, Driver{"xe", add_intel_gpu},
                                 Driver{"i915", add_intel_gpu}, Driver{"amd_hsmp_hwmon", add_hsmp},
                                 Driver{"power_meter", add_power_meter}};

}  // namespace

std::string Chip::device_path() const {
  return (is_gpu() ? "devices/pci0000:00/" : "devices/platform/") + key;
}

bool known_driver(std::string_view driver) {
  return std::any_of(kDrivers.begin(), kDrivers.end(), [&](const Driver& known) { return known.name == driver; });
}

Files attributes_of(const std::shared_ptr<Chip>& chip) {
  Files files;
  files.emplace_back("name", constant(chip->driver));
  for (const Driver& driver : kDrivers) {
    if (driver.name == chip->driver) driver.add(files, chip);
  }
  files.emplace_back("temp1_input", field(chip, &Chip::temperature_millicelsius));
  return files;
}

}  // namespace headroom::raplfs
