// GPUs, CPU sockets and meters that hwmon shows, by what chips.h knows of their drivers. Limits only when asked for.
//
// A chip is known by its device (PCI address), never by hwmonN, which changes with every boot. Before each write the
// chip's range is read again, because drivers change it: what is asked above it goes out as its end, what is asked
// below as its beginning, and the read-back tells. 0 and less than one watt are never written. Thread-safe; calls block
// as long as the driver does (sysfs/deadlined.h).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "rapl-agent/core/backend.h"
#include "rapl-agent/hwmon/chips.h"
#include "rapl-agent/sysfs/files.h"

namespace headroom::rapl_agent::hwmon {

class HwmonBackend final : public core::Backend, public core::Meter {
 public:
  HwmonBackend(HwmonOptions options, sysfs::WriteTo write_to, std::string permission_hint);

  [[nodiscard]] core::Inventory discover() override;
  [[nodiscard]] core::Access read(const core::ControlKey& key) override;
  [[nodiscard]] core::Access write(const core::ControlKey& key, std::uint64_t value) override;
  // A device that sleeps gives nothing: reading would wake it.
  [[nodiscard]] core::MeterReading sample(const std::string& domain) override;

 private:
  using Chips = std::map<std::string, Chip>;  // by domain
  [[nodiscard]] std::shared_ptr<const Chips> chips() const;
  void note_gone(const std::string& domain);

  const HwmonOptions options_;
  const sysfs::WriteTo write_to_;
  const std::string permission_hint_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Chips> chips_;                // guarded by mutex_; replaced whole
  std::map<std::string, std::uint64_t> generations_;  // guarded by mutex_, as is gone_
  std::set<std::string> gone_;
};

}  // namespace headroom::rapl_agent::hwmon
