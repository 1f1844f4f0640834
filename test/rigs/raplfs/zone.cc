#include "test/rigs/raplfs/zone.h"

#include <algorithm>
#include <cerrno>

#include "test/rigs/raplfs/registers.h"

namespace headroom::raplfs {

namespace {

Shown line(const std::string& text) {
  return {0, text + "\n"};
}
Shown line(std::uint64_t number) {
  return line(std::to_string(number));
}

std::uint64_t after_firmware(const Firmware& firmware, std::uint64_t value, std::uint64_t old) {
  if (firmware.ignores_limits) return old;
  if (firmware.clamp_min) value = std::max(value, power_register(*firmware.clamp_min));
  if (firmware.clamp_max) value = std::min(value, power_register(*firmware.clamp_max));
  return value;
}

}  // namespace

Zone::Zone(std::string id, std::string name, std::shared_ptr<Silicon> silicon, std::uint64_t energy_unit)
    : surface_(id),
      id_(std::move(id)),
      name_(std::move(name)),
      silicon_(std::move(silicon)),
      energy_unit_(energy_unit) {}

void Zone::apply() {
  Cap cap;
  if (present_ && !limits_.empty() && limits_[0].enabled) {
    cap = {true, static_cast<double>(power_microwatts(limits_[0].power))};
  }
  silicon_->set_cap(surface_, cap);
}

void Zone::disappear() {
  present_ = false;
  if (!firmware_.locked) {
    for (Limit& limit : limits_) limit.enabled = false;
  }
  apply();
}

void Zone::reappear() {
  present_ = true;
  apply();
}

Shown Zone::show_enabled() const {
  const bool on = !firmware_.locked && !limits_.empty() && limits_[0].enabled;
  return line(on ? "1" : "0");
}

int Zone::store_enabled(std::string_view text) {
  const auto on = parse_switch(text);
  if (!on) return EINVAL;
  if (firmware_.locked || limits_.empty()) return ENOSYS;
  if (firmware_.ignores_enable) return 0;
  for (Limit& limit : limits_) limit.enabled = *on;
  apply();
  return 0;
}

Shown Zone::show_energy() const {
  return line(energy_microjoules(silicon_->consumed_microjoules(), energy_unit_));
}

int Zone::store_power(std::size_t limit, std::string_view text) {
  const auto microwatts = parse_number(text);
  if (!microwatts) return EINVAL;
  if (firmware_.locked) return ENODATA;
  Limit& changed = limits_.at(limit);
  changed.power = after_firmware(firmware_, power_register(*microwatts), changed.power);
  apply();
  return 0;
}

int Zone::store_window(std::size_t limit, std::string_view text) {
  const auto microseconds = parse_number(text);
  if (!microseconds) return EINVAL;
  Limit& changed = limits_.at(limit);
  if (firmware_.locked || !changed.has_window()) return ENODATA;
  if (!firmware_.ignores_limits) changed.window = window_register(*microseconds);
  return 0;
}

std::vector<std::pair<std::string, Attribute>> attributes_of(const std::shared_ptr<Zone>& zone) {
  std::vector<std::pair<std::string, Attribute>> files;
  files.emplace_back("name", Attribute{0444, [zone] { return line(zone->name_); }, {}});
  files.emplace_back("enabled", Attribute{0644, [zone] { return zone->show_enabled(); },
                                          [zone](std::string_view text) { return zone->store_enabled(text); }});
  files.emplace_back("energy_uj", Attribute{0400, [zone] { return zone->show_energy(); }, {}});
  files.emplace_back("max_energy_range_uj",
                     Attribute{0444, [zone] { return line(energy_range_microjoules(zone->energy_unit_)); }, {}});
  for (std::size_t index = 0; index < zone->limits_.size(); ++index) {
    const std::string prefix = "constraint_" + std::to_string(index) + "_";
    const auto limit = [zone, index]() -> const Limit& { return zone->limits_[index]; };
    files.emplace_back(prefix + "name", Attribute{0444, [limit] { return line(limit().name); }, {}});
    files.emplace_back(prefix + "power_limit_uw",
                       Attribute{0644, [limit] { return line(power_microwatts(limit().power)); },
                                 [zone, index](std::string_view text) { return zone->store_power(index, text); }});
    files.emplace_back(prefix + "time_window_us",
                       Attribute{0644,
                                 [limit] {
                                   if (!limit().has_window()) return Shown{ENODATA, ""};
                                   return line(window_microseconds(limit().window));
                                 },
                                 [zone, index](std::string_view text) { return zone->store_window(index, text); }});
    files.emplace_back(prefix + "max_power_uw", Attribute{0444,
                                                          [limit] {
                                                            if (!limit().max_microwatts) return Shown{ENODATA, ""};
                                                            return line(*limit().max_microwatts);
                                                          },
                                                          {}});
  }
  return files;
}

}  // namespace headroom::raplfs
