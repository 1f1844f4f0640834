// One domain's samples over time: watts from an energy counter or from a power meter, joules over wraps, and what had
// to be thrown away. A sample is used or discarded, never repaired: wraps, resets, gaps after suspend and counters that
// stand still give no watts. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/energy_counter.h"
#include "rapl-agent/core/backend.h"
#include "rapl-agent/core/reserve.h"
#include "rapl-agent/core/timing.h"

namespace headroom::rapl_agent::core {

struct MeterLimits {
  std::optional<base::Energy> energy_range;
  base::Power max_power;  // REQUIRES: > 0; more than this half again is no sample
};

class DomainMeter {
 public:
  explicit DomainMeter(const Timing& timing)
      : gap_(timing.meter_gap), frozen_after_(timing.frozen), recent_(base::Seconds(60)) {}

  void take(const MeterReading& reading, const MeterLimits& limits, base::MonoTime now);
  // The counter may have started anew: driver reloaded, device attached again, machine was suspended.
  void rebase() { last_.reset(); }

  // Nothing: no usable sample now (none yet, discarded, frozen, failed).
  [[nodiscard]] std::optional<base::Power> power() const { return power_; }
  [[nodiscard]] std::optional<base::Temperature> temperature() const { return temperature_; }
  [[nodiscard]] base::Energy total() const { return total_; }
  [[nodiscard]] std::uint64_t wraps() const { return wraps_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& discarded() const { return discarded_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& read_errors() const { return read_errors_; }
  // The p95 of the last minute; nothing without usable samples.
  [[nodiscard]] std::optional<base::Power> p95() const { return recent_.value(); }

 private:
  void take_energy(base::Energy value, const MeterLimits& limits, base::MonoTime now);

  base::Milliseconds gap_;
  base::Milliseconds frozen_after_;
  SlidingP95 recent_;
  std::optional<base::CounterReading> last_;
  base::MonoTime moved_at_{};
  std::optional<base::Power> power_;
  std::optional<base::Temperature> temperature_;
  base::Energy total_;
  std::uint64_t wraps_ = 0;
  std::map<std::string, std::uint64_t> discarded_;
  std::map<std::string, std::uint64_t> read_errors_;
};

}  // namespace headroom::rapl_agent::core
