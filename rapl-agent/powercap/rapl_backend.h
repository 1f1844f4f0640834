// RAPL by the kernel's powercap files: CPU packages, their DRAM, and the meters around them.
//
// Zones become domains by name: package-1 is "rapl/package-1" wherever the kernel lists it today. MSR and MMIO zones of
// one package are one domain with two controls, whose lower limit acts; its energy is read once. psys, core and uncore
// are meters and are never written; AMD's zones have counters and no limits. peak_power (PL4) is left alone.
//
// What is written goes out as the kernel takes it: no range check exists there, values wrap at the register's width and
// are truncated to its unit, so whoever decides must stay between floor and original. 0 is refused here, always.
//
// Thread-safe, so that a call that hangs inside the driver does not stop calls for other domains
// (sysfs/deadlined.h). Every call can block as long as the driver does. Files are kept open for as long as their domain
// stays (sysfs/open_files.h): one read each second costs one call of the kernel.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rapl-agent/core/backend.h"
#include "rapl-agent/powercap/package_cpus.h"
#include "rapl-agent/sysfs/open_files.h"

namespace headroom::rapl_agent::powercap {

enum class Surfaces { msr_and_mmio, msr_only, mmio_only };
enum class DramLimits { leave_alone, cap };

struct RaplOptions {
  // The kernel's tree, writable: a mount of /sys/devices/virtual/powercap, or that itself. Not the class directory.
  std::string powercap_root;
  // The kernel's /sys, perhaps read-only: what can be metered where the tree above is missing, and how to tell a mount
  // that is gone or masked from a machine without RAPL.
  std::string sysfs_root;
  Surfaces surfaces = Surfaces::msr_and_mmio;
  DramLimits dram = DramLimits::leave_alone;
  sysfs::WriteTo write_to = sysfs::WriteTo::sysfs_only;
  // What to tell people when a write is not permitted; depends on how this process runs (sysfs/process_facts.h).
  std::string permission_hint;
};

class RaplBackend final : public core::Backend, public core::Meter {
 public:
  explicit RaplBackend(RaplOptions options);
  ~RaplBackend() override;

  // ok with no domains: a machine without RAPL, or one whose files are hidden; the notes say which. transient: the tree
  // is there and cannot be listed now.
  [[nodiscard]] core::Inventory discover() override;
  [[nodiscard]] core::Access read(const core::ControlKey& key) override;
  [[nodiscard]] core::Access write(const core::ControlKey& key, std::uint64_t value) override;
  [[nodiscard]] core::MeterReading sample(const std::string& domain) override;

  // True when the last discovery found zones in sysfs_root and none in powercap_root, on the same kind of file system:
  // the mount shows a directory that the kernel has replaced (module reloaded). Only a new mount helps, so the process
  // should end, once. On another kind it is a container runtime's mask, which no new start takes away.
  [[nodiscard]] bool mount_is_stale() const;

 private:
  struct Known;
  [[nodiscard]] std::shared_ptr<const Known> known() const;
  void note_gone(const std::string& domain);

  const RaplOptions options_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Known> known_;                // guarded by mutex_; replaced whole by discover()
  std::map<std::string, std::uint64_t> generations_;  // guarded by mutex_
  std::map<std::string, bool> gone_;                  // guarded by mutex_: seen before, not there (any more)
  const std::shared_ptr<sysfs::DescriptorRoom> descriptors_;
  PackageCpus cpus_;  // guarded by mutex_
};

}  // namespace headroom::rapl_agent::powercap
