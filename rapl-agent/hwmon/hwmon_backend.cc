#include "rapl-agent/hwmon/hwmon_backend.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "rapl-agent/sysfs/outcome.h"

namespace headroom::rapl_agent::hwmon {
namespace {

using core::Access;
using core::Outcome;

constexpr std::uint64_t kLeastMicrowatts = 1'000'000;

Outcome outcome_of(const Quirks& quirks, int error) {
  if (error == EPERM && quirks.eperm_is_busy) return Outcome::busy;
  if (error == ENODEV && quirks.enodev_is_unsupported) return Outcome::unsupported;
  return sysfs::outcome_of(error);
}

Access read_from(const Quirks& quirks, const std::string& file) {
  const sysfs::FileNumber read = sysfs::read_number(file);
  // An empty line and success is how amdgpu says that its firmware did not answer.
  const Outcome outcome = read.empty ? Outcome::busy : outcome_of(quirks, read.error);
  return {.outcome = outcome, .value = read.value, .code = read.error};
}

std::optional<std::uint64_t> bound(const std::string& file) {
  if (file.empty()) return std::nullopt;
  const sysfs::FileNumber read = sysfs::read_number(file);
  return read.error == 0 && read.value > 0 ? std::optional(read.value) : std::nullopt;
}

// `value` within what the chip takes now; nothing known: as it is.
std::uint64_t in_range(const Chip& chip, std::uint64_t value) {
  if (const auto most = bound(chip.most)) value = std::min(value, *most);
  if (const auto least = bound(chip.least)) value = std::max(value, *least);
  return value;
}

bool sleeps(const Chip& chip) {
  return !chip.runtime_status.empty() && sysfs::read_text(chip.runtime_status).text == "suspended";
}

}  // namespace

HwmonBackend::HwmonBackend(HwmonOptions options, sysfs::WriteTo write_to, std::string permission_hint)
    : options_(std::move(options)),
      write_to_(write_to),
      permission_hint_(std::move(permission_hint)),
      chips_(std::make_shared<Chips>()) {}

core::Inventory HwmonBackend::discover() {
  core::Inventory inventory;
  auto found = std::make_shared<Chips>();
  for (Chip& chip : find_chips(options_)) {
    std::string id = chip.domain.id;
    found->emplace(std::move(id), std::move(chip));
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [id, generation] : generations_) {
    if (!found->contains(id)) gone_.insert(id);
  }
  for (auto& [id, chip] : *found) {
    std::uint64_t& generation = generations_[id];
    if (gone_.erase(id) != 0) ++generation;
    chip.domain.generation = generation;
    inventory.domains.push_back(chip.domain);
  }
  chips_ = std::move(found);
  return inventory;
}

std::shared_ptr<const HwmonBackend::Chips> HwmonBackend::chips() const {
  const std::lock_guard lock(mutex_);
  return chips_;
}

void HwmonBackend::note_gone(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  gone_.insert(domain);
}

Access HwmonBackend::read(const core::ControlKey& key) {
  const auto known = chips();
  const auto chip = known->find(key.domain);
  if (chip == known->end()) return {.outcome = Outcome::unknown_key};
  const auto file = chip->second.controls.find(key.field);
  if (file == chip->second.controls.end()) return {.outcome = Outcome::unknown_key};
  Access access = read_from(*chip->second.quirks, file->second);
  if (access.outcome == Outcome::gone) note_gone(key.domain);
  return access;
}

Access HwmonBackend::write(const core::ControlKey& key, std::uint64_t value) {
  const auto known = chips();
  const auto chip = known->find(key.domain);
  if (chip == known->end()) return {.outcome = Outcome::unknown_key};
  const auto file = chip->second.controls.find(key.field);
  if (file == chip->second.controls.end()) return {.outcome = Outcome::unknown_key};
  if (value < kLeastMicrowatts) {
    return {.outcome = Outcome::invalid, .hint = "0 means something else to every driver and is never written"};
  }
  const std::uint64_t written = key.field == core::Field::long_term_limit ? in_range(chip->second, value) : value;
  const int error = sysfs::write_number(file->second, written, write_to_);
  Access access{.outcome = outcome_of(*chip->second.quirks, error), .value = written, .code = error};
  if (access.outcome == Outcome::gone) note_gone(key.domain);
  if (access.outcome == Outcome::no_permission) access.hint = permission_hint_;
  if (access.outcome == Outcome::read_only) access.hint = "mounted read-only: capping by hwmon needs /sys writable";
  return access;
}

core::MeterReading HwmonBackend::sample(const std::string& domain) {
  const auto known = chips();
  const auto found = known->find(domain);
  if (found == known->end()) return {.outcome = Outcome::unknown_key};
  const Chip& chip = found->second;
  if (sleeps(chip)) return {};
  core::MeterReading reading;
  const auto take = [&](const std::string& path, auto into) {
    if (path.empty()) return;
    const Access access = read_from(*chip.quirks, path);
    if (access.ok() && access.value <= static_cast<std::uint64_t>(INT64_MAX)) {
      into(static_cast<std::int64_t>(access.value));
    } else {
      reading.outcome = access.ok() ? Outcome::garbage : access.outcome;
      reading.code = access.code;
    }
  };
  take(chip.power, [&](std::int64_t value) { reading.power = base::microwatts(value); });
  take(chip.energy, [&](std::int64_t value) { reading.energy = base::microjoules(value); });
  if (!chip.temperature.empty()) {
    if (const auto celsius = sysfs::read_signed(chip.temperature)) reading.temperature = base::millicelsius(*celsius);
  }
  if (reading.outcome == Outcome::gone) note_gone(domain);
  return reading;
}

}  // namespace headroom::rapl_agent::hwmon
