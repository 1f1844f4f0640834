#include "rapl-agent/powercap/package_cpus.h"

#include <algorithm>

#include "rapl-agent/sysfs/files.h"

namespace headroom::rapl_agent::powercap {

namespace {

bool is_cpu(const std::string& name) {
  constexpr std::string_view kPrefix = "cpu";
  return name.starts_with(kPrefix) && name.size() > kPrefix.size() &&
         std::all_of(name.begin() + kPrefix.size(), name.end(),
                     [](char digit) { return digit >= '0' && digit <= '9'; });
}

}  // namespace

void PackageCpus::look() {
  if (root_.empty()) return;
  const std::string cpus = root_ + "/devices/system/cpu/";
  offline_.clear();
  for (const std::string& name : sysfs::list(cpus).names) {
    if (!is_cpu(name)) continue;
    // A CPU that cannot be switched off has no such file.
    const std::string cpu = cpus + name;
    const sysfs::FileNumber online = sysfs::read_number(cpu + "/online");
    if (online.error == 0 && online.value == 0) {
      offline_.insert(name);
      continue;
    }
    const sysfs::FileNumber package = sysfs::read_number(cpu + "/topology/physical_package_id");
    if (package.error == 0) package_of_[name] = static_cast<unsigned>(package.value);
  }
}

bool PackageCpus::all_offline(unsigned package) const {
  bool any = false;
  for (const auto& [cpu, of] : package_of_) {
    if (of != package) continue;
    if (!offline_.contains(cpu)) return false;
    any = true;
  }
  return any;
}

}  // namespace headroom::rapl_agent::powercap
