// What each hwmon driver means by its files. hwmon gives names to attributes and no meaning: power1_cap is the only
// limit of one GPU and the burst limit of another, 0 is "no change" here and "off" there.
//
//   amdgpu          power1_cap; whole watts; EPERM or an empty line while the GPU resets or sleeps; range changes with
//                   kernels; reading wakes a sleeping GPU
//   xe, i915        power1_max; 0 switches the limit off; xe's power1_cap is PL2; i915 answers ENODEV where it cannot
//   amd_hsmp_hwmon  power1_cap of a CPU socket; no least value
//   power_meter     ACPI: the node, or on NVIDIA Grace a module with CPU and GPU
//   coretemp, k10temp, zenpower, nvme   temperatures only
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapl-agent/core/domain.h"

namespace headroom::rapl_agent::hwmon {

struct Quirks {
  std::string_view driver{};   // content of `name`
  std::string_view id_name{};  // second part of the domain's id
  core::DomainKind kind = core::DomainKind::gpu;
  // File names; empty: none. `limit` acts over time, `burst` for moments.
  std::string_view limit{};
  std::string_view burst{};
  std::string_view least{};
  std::string_view most{};
  base::Power unit = base::microwatts(250'000);  // how coarse what was written reads back
  bool eperm_is_busy = false;
  bool enodev_is_unsupported = false;
};
[[nodiscard]] const Quirks* quirks_of(std::string_view driver);

// A chip that was found, with whatever of its files is there; an empty path: not there.
struct Chip {
  const Quirks* quirks = nullptr;  // static
  std::string directory;           // .../hwmonN, whose number means nothing
  std::string key;                 // PCI address or platform device: stays
  std::string runtime_status;      // tells whether the device sleeps
  core::Domain domain;
  std::map<core::Field, std::string> controls;
  std::string least;
  std::string most;
  std::string power;
  std::string energy;
  std::string temperature;
};

enum class Caps { off, on };
enum class Temperatures { hide, show };
struct HwmonOptions {
  std::string sysfs_root;
  Caps caps = Caps::off;
  Temperatures temperatures = Temperatures::show;
};

// Every known chip below class/hwmon. Blocks as the drivers do.
[[nodiscard]] std::vector<Chip> find_chips(const HwmonOptions& options);

}  // namespace headroom::rapl_agent::hwmon
