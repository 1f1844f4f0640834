#include "rapl-agent/hwmon/cpufreq_backend.h"

#include <utility>

#include "rapl-agent/sysfs/outcome.h"

namespace headroom::rapl_agent::hwmon {
namespace {

using core::Outcome;

constexpr const char* kFile = "/scaling_max_freq";

}  // namespace

CpufreqBackend::CpufreqBackend(const std::string& sysfs_root, sysfs::WriteTo write_to, std::string permission_hint)
    : root_(sysfs_root + "/devices/system/cpu/cpufreq"),
      write_to_(write_to),
      permission_hint_(std::move(permission_hint)) {}

core::Inventory CpufreqBackend::discover() {
  core::Inventory inventory;
  std::map<std::string, std::string> directories;
  for (const std::string& name : sysfs::list(root_).names) {
    const std::string directory = root_ + "/" + name;
    if (!name.starts_with("policy") || !sysfs::exists(directory + kFile)) continue;
    core::Domain domain;
    domain.id = "cpufreq/" + name;
    domain.kind = core::DomainKind::frequency;
    domain.label = "CPUs " + sysfs::read_text(directory + "/affected_cpus").text;
    core::Control control;
    control.surface = core::Surface::cpufreq;
    control.fields = {core::Field::max_frequency};
    domain.controls = {std::move(control)};
    directories.emplace(domain.id, directory);
    inventory.domains.push_back(std::move(domain));
  }
  const std::lock_guard lock(mutex_);
  directories_ = std::move(directories);
  return inventory;
}

std::string CpufreqBackend::directory_of(const core::ControlKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = directories_.find(key.domain);
  return found == directories_.end() || key.field != core::Field::max_frequency ? std::string() : found->second;
}

core::Access CpufreqBackend::read(const core::ControlKey& key) {
  const std::string directory = directory_of(key);
  if (directory.empty()) return {.outcome = Outcome::unknown_key};
  return sysfs::access_of(sysfs::read_number(directory + kFile));
}

core::Access CpufreqBackend::write(const core::ControlKey& key, std::uint64_t value) {
  const std::string directory = directory_of(key);
  if (directory.empty()) return {.outcome = Outcome::unknown_key};
  const sysfs::FileNumber least = sysfs::read_number(directory + "/cpuinfo_min_freq");
  if (value == 0 || (least.error == 0 && value < least.value)) {
    return {.outcome = Outcome::invalid, .value = value, .hint = "below the hardware's least frequency"};
  }
  const int error = sysfs::write_number(directory + kFile, value, write_to_);
  core::Access access{.outcome = sysfs::outcome_of(error), .value = value, .code = error};
  if (access.outcome == Outcome::no_permission) access.hint = permission_hint_;
  if (access.outcome == Outcome::read_only) access.hint = "mounted read-only: cpufreq needs /sys writable";
  return access;
}

}  // namespace headroom::rapl_agent::hwmon
