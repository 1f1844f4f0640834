#include "rapl-agent/hwmon/chips.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rapl-agent/sysfs/files.h"

namespace headroom::rapl_agent::hwmon {
namespace {

using core::DomainKind;
using core::Field;

constexpr std::array kQuirks = {
    Quirks{.driver = "amdgpu",
           .id_name = "amdgpu",
           .limit = "power1_cap",
           .least = "power1_cap_min",
           .most = "power1_cap_max",
           .unit = base::watts(1),
           .eperm_is_busy = true},
    Quirks{.driver = "xe", .id_name = "xe", .limit = "power1_max", .burst = "power1_cap", .most = "power1_rated_max"},
    Quirks{.driver = "i915",
           .id_name = "i915",
           .limit = "power1_max",
           .most = "power1_rated_max",
           .enodev_is_unsupported = true},
    Quirks{.driver = "amd_hsmp_hwmon",
           .id_name = "amd_hsmp",
           .kind = DomainKind::cpu_package,
           .limit = "power1_cap",
           .most = "power1_cap_max"},
    Quirks{.driver = "power_meter",
           .id_name = "power_meter",
           .kind = DomainKind::node_meter,
           .limit = "power1_cap",
           .least = "power1_cap_min",
           .most = "power1_cap_max"},
    Quirks{.driver = "coretemp", .id_name = "coretemp", .kind = DomainKind::part_meter},
    Quirks{.driver = "k10temp", .id_name = "k10temp", .kind = DomainKind::part_meter},
    Quirks{.driver = "zenpower", .id_name = "zenpower", .kind = DomainKind::part_meter},
    Quirks{.driver = "nvme", .id_name = "nvme", .kind = DomainKind::part_meter},
};

std::string last_part(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string if_there(const std::string& path) {
  return sysfs::exists(path) ? path : std::string();
}

// ACPI's meters say in words what they measure; only a module's is a domain of its own.
DomainKind kind_of(const Quirks& quirks, const std::string& directory) {
  if (quirks.kind != DomainKind::node_meter) return quirks.kind;
  const std::string info = sysfs::read_text(directory + "/power1_oem_info").text;
  if (info.starts_with("Module")) return DomainKind::module;
  for (const std::string_view part : {"Grace", "CPU", "SysIO"}) {
    if (info.starts_with(part)) return DomainKind::part_meter;
  }
  return DomainKind::node_meter;
}

void add_meters(Chip& chip, Temperatures temperatures) {
  const std::string at = chip.directory + "/";
  chip.power = if_there(at + "power1_average");
  if (chip.power.empty()) chip.power = if_there(at + "power1_input");
  chip.energy = if_there(at + "energy1_input");
  if (temperatures == Temperatures::show) chip.temperature = if_there(at + "temp1_input");
  chip.domain.meter.power = !chip.power.empty();
  chip.domain.meter.energy = !chip.energy.empty();
  chip.domain.meter.temperature = !chip.temperature.empty();
}

std::optional<base::Power> hint(const std::string& file) {
  const sysfs::FileNumber read = sysfs::read_number(file);
  if (read.error != 0 || read.value == 0 || read.value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return base::microwatts(static_cast<std::int64_t>(read.value));
}

void add_control(Chip& chip) {
  const Quirks& quirks = *chip.quirks;
  const std::string at = chip.directory + "/";
  const std::string limit = quirks.limit.empty() ? "" : if_there(at + std::string(quirks.limit));
  if (limit.empty()) return;
  const sysfs::FileNumber now = sysfs::read_number(limit);
  if (now.error == 0 && now.value == 0) {
    chip.domain.notes.emplace_back("its limit is off: it could not be given back as it was, so it is left alone");
    return;
  }
  core::Control control;
  control.surface = core::Surface::hwmon;
  control.tolerance = quirks.unit;
  control.fields = {Field::long_term_limit};
  chip.controls[Field::long_term_limit] = limit;
  const std::string burst = quirks.burst.empty() ? "" : if_there(at + std::string(quirks.burst));
  if (!burst.empty()) {
    control.fields.push_back(Field::short_term_limit);
    chip.controls[Field::short_term_limit] = burst;
  }
  if (!quirks.least.empty()) chip.least = if_there(at + std::string(quirks.least));
  if (!quirks.most.empty()) chip.most = if_there(at + std::string(quirks.most));
  control.min_hint = hint(chip.least);
  control.max_hint = hint(chip.most);
  chip.domain.controls = {std::move(control)};
}

Chip chip_at(const std::string& directory, const Quirks& quirks, const HwmonOptions& options) {
  Chip chip;
  chip.quirks = &quirks;
  chip.directory = directory;
  const std::string device = sysfs::resolved(directory + "/device");
  chip.key = device.empty() ? last_part(directory) : last_part(device);
  if (!device.empty()) chip.runtime_status = if_there(device + "/power/runtime_status");
  chip.domain.id = "hwmon/" + std::string(quirks.id_name) + "/" + chip.key;
  chip.domain.kind = kind_of(quirks, directory);
  chip.domain.label = std::string(quirks.id_name) + " at " + chip.key;
  add_meters(chip, options.temperatures);
  const bool a_meter = chip.domain.kind == DomainKind::node_meter || chip.domain.kind == DomainKind::part_meter;
  if (a_meter) return chip;
  if (options.caps == Caps::on) {
    add_control(chip);
  } else {
    chip.domain.notes.emplace_back("hwmon.caps is off: metered only");
  }
  return chip;
}

}  // namespace

const Quirks* quirks_of(std::string_view driver) {
  const auto found =
      std::find_if(kQuirks.begin(), kQuirks.end(), [&](const Quirks& quirks) { return quirks.driver == driver; });
  return found == kQuirks.end() ? nullptr : &*found;
}

std::vector<Chip> find_chips(const HwmonOptions& options) {
  const std::string root = options.sysfs_root + "/class/hwmon";
  std::vector<Chip> chips;
  for (const std::string& name : sysfs::list(root).names) {
    const std::string directory = root + "/" + name;
    const Quirks* const quirks = quirks_of(sysfs::read_text(directory + "/name").text);
    if (quirks == nullptr) continue;
    Chip chip = chip_at(directory, *quirks, options);
    if (chip.domain.controls.empty() && chip.domain.meter == core::MeterFacts{}) continue;
    chips.push_back(std::move(chip));
  }
  std::sort(chips.begin(), chips.end(), [](const Chip& a, const Chip& b) { return a.domain.id < b.domain.id; });
  return chips;
}

}  // namespace headroom::rapl_agent::hwmon
