// The node's watts and inlet temperature as its BMC knows them, asked by ipmitool (IPMI DCMI). A BMC answers in tenths
// of seconds or not at all, so asking happens on a thread of its own, and the agent's loop takes what was last heard.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/units.h"
#include "rapl-agent/core/backend.h"

namespace headroom::rapl_agent::hwmon {

// "Instantaneous power reading:   220 Watts". Nothing where there is none, or the BMC says that measuring is off.
[[nodiscard]] std::optional<base::Power> parse_power_reading(std::string_view text);
// The inlet's line of "dcmi get_temp_reading": its last number.
[[nodiscard]] std::optional<base::Temperature> parse_inlet_reading(std::string_view text);

struct DcmiOptions {
  std::string program;
  base::Milliseconds interval{10'000};
  base::Milliseconds timeout{10'000};  // of one call of the program, which is ended then
};

class DcmiMeter final : public core::Backend, public core::Meter {
 public:
  // Starts asking. `clock` must outlive it.
  DcmiMeter(DcmiOptions options, base::Clock& clock);
  ~DcmiMeter() override;  // waits for a call under way, at most its timeout

  // "node/dcmi" once the BMC has answered; before that none, and a note where it cannot be asked.
  [[nodiscard]] core::Inventory discover() override;
  [[nodiscard]] core::Access read(const core::ControlKey& key) override;
  [[nodiscard]] core::Access write(const core::ControlKey& key, std::uint64_t value) override;
  // transient: nothing heard for three intervals.
  [[nodiscard]] core::MeterReading sample(const std::string& domain) override;

 private:
  void ask(const std::stop_token& stop);
  void ask_once(const std::stop_token& stop);

  const DcmiOptions options_;
  base::Clock& clock_;
  mutable std::mutex mutex_;
  core::MeterReading last_;  // guarded by mutex_, as are the next two
  std::optional<base::MonoTime> heard_at_;
  std::string problem_;
  std::jthread thread_;
};

}  // namespace headroom::rapl_agent::hwmon
