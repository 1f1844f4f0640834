// Which CPUs carry each package: to tell a package without power from one that only left our sight.
//
// The kernel takes a package's zones away when its last CPU goes offline, and when the driver is unloaded. In the first
// case the package draws nothing that counts, in the second it may draw all it can. An offline CPU no longer says which
// package it belongs to, so that is remembered from when it was online. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>

namespace headroom::rapl_agent::powercap {

class PackageCpus {
 public:
  // An empty root knows nothing.
  explicit PackageCpus(std::string sysfs_root) : root_(std::move(sysfs_root)) {}

  // Reads what the CPUs say now.
  void look();
  // True when CPUs of this package were seen, and by the last look all of them are offline.
  [[nodiscard]] bool all_offline(unsigned package) const;

 private:
  std::string root_;
  std::map<std::string, unsigned> package_of_;  // "cpu3" -> 1
  std::set<std::string> offline_;
};

}  // namespace headroom::rapl_agent::powercap
