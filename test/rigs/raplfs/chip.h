// One hwmon chip with a power cap, after the driver whose name it carries: amdgpu, xe, i915, amd_hsmp_hwmon,
// power_meter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "test/rigs/raplfs/silicon.h"
#include "test/rigs/raplfs/tree.h"

namespace headroom::raplfs {

enum class ChipState {
  ok,
  reset,    // amdgpu while it resets or sleeps: EPERM
  failing,  // amdgpu when its firmware does not answer: an empty line, and success
};

struct Chip {
  std::string driver;
  std::string key;  // PCI address, or a platform device's name
  int index = 0;    // hwmonN, and cardN of a GPU
  std::shared_ptr<Silicon> silicon;
  // Microwatts. `burst` is xe's power1_cap.
  std::uint64_t cap = 0;
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  std::uint64_t default_cap = 0;
  std::uint64_t burst = 0;
  std::uint64_t temperature_millicelsius = 45'000;
  ChipState state = ChipState::ok;
  bool present = true;

  [[nodiscard]] bool is_gpu() const { return driver == "amdgpu" || driver == "xe" || driver == "i915"; }
  // The device's directory inside a node: "devices/pci0000:00/<key>" or "devices/platform/<key>".
  [[nodiscard]] std::string device_path() const;
  void apply() const { silicon->set_cap("cap", {present && cap != 0, static_cast<double>(cap)}); }
};

[[nodiscard]] bool known_driver(std::string_view driver);
[[nodiscard]] std::vector<std::pair<std::string, Attribute>> attributes_of(const std::shared_ptr<Chip>& chip);

}  // namespace headroom::raplfs
