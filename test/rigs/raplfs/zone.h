// One powercap zone: registers, what firmware does to them, and the attributes that the kernel shows of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test/rigs/raplfs/silicon.h"
#include "test/rigs/raplfs/tree.h"

namespace headroom::raplfs {

struct Limit {
  std::string name;  // long_term, short_term, peak_power
  std::uint64_t power = 0;
  std::uint64_t window = 0;
  std::optional<std::uint64_t> max_microwatts;  // unset: reading it is ENODATA
  bool enabled = true;

  // peak_power has no window: reading it is ENODATA.
  [[nodiscard]] bool has_window() const { return name != "peak_power"; }
};

// How the firmware treats writes that the kernel has accepted.
struct Firmware {
  bool locked = false;          // BIOS lock: ENODATA, ENOSYS, `enabled` reads 0; the limits stay in force
  bool ignores_limits = false;  // "OK", and the old value stays
  bool ignores_enable = false;
  std::optional<std::uint64_t> clamp_min;  // microwatts
  std::optional<std::uint64_t> clamp_max;
};

class Zone {
 public:
  Zone(std::string id, std::string name, std::shared_ptr<Silicon> silicon, std::uint64_t energy_unit);

  [[nodiscard]] const std::string& id() const { return id_; }
  void rename(std::string id) { id_ = std::move(id); }
  [[nodiscard]] const std::shared_ptr<Silicon>& silicon() const { return silicon_; }
  std::vector<Limit>& limits() { return limits_; }
  Firmware& firmware() { return firmware_; }

  // What the driver does when the zone is registered or goes: present again, it has its numbers and `enabled` 0.
  void disappear();
  void reappear();
  [[nodiscard]] bool present() const { return present_; }

  // Tells the silicon what the registers now say. After every change.
  void apply();

  [[nodiscard]] Shown show_enabled() const;
  int store_enabled(std::string_view text);
  [[nodiscard]] Shown show_energy() const;
  int store_power(std::size_t limit, std::string_view text);
  int store_window(std::size_t limit, std::string_view text);

 private:
  // Unique for a zone through its whole life, also when it returns under another number.
  std::string surface_;
  std::string id_;
  std::string name_;
  std::shared_ptr<Silicon> silicon_;
  std::uint64_t energy_unit_;
  std::vector<Limit> limits_;
  Firmware firmware_;
  bool present_ = true;

  friend std::vector<std::pair<std::string, Attribute>> attributes_of(const std::shared_ptr<Zone>& zone);
};

// File name and attribute, as a zone directory holds them.
[[nodiscard]] std::vector<std::pair<std::string, Attribute>> attributes_of(const std::shared_ptr<Zone>& zone);

}  // namespace headroom::raplfs
