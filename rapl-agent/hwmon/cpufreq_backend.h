// The highest frequency that the scheduler may ask a group of CPUs for: scaling_max_freq, in kilohertz. Not watts: it
// promises none, so no budget is divided over it; it is there for algorithms that ask for it, and is journalled and
// given back like a limit.
//
// Values below the hardware's least frequency are refused. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "rapl-agent/core/backend.h"
#include "rapl-agent/sysfs/files.h"

namespace headroom::rapl_agent::hwmon {

class CpufreqBackend final : public core::Backend {
 public:
  CpufreqBackend(const std::string& sysfs_root, sysfs::WriteTo write_to, std::string permission_hint);

  // "cpufreq/policy0" and so on; none where the kernel offers none.
  [[nodiscard]] core::Inventory discover() override;
  [[nodiscard]] core::Access read(const core::ControlKey& key) override;
  [[nodiscard]] core::Access write(const core::ControlKey& key, std::uint64_t value) override;

 private:
  [[nodiscard]] std::string directory_of(const core::ControlKey& key) const;  // empty: unknown

  const std::string root_;
  const sysfs::WriteTo write_to_;
  const std::string permission_hint_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> directories_;  // by domain; guarded by mutex_
};

}  // namespace headroom::rapl_agent::hwmon
