#include "rapl-agent/core/domain_meter.h"

#include <chrono>

namespace headroom::rapl_agent::core {
namespace {

std::string reason_of(base::CounterVerdict verdict) {
  switch (verdict) {
    case base::CounterVerdict::ok: return "ok";
    case base::CounterVerdict::not_later: return "not_later";
    case base::CounterVerdict::gap_too_long: return "gap";
    case base::CounterVerdict::reset: return "reset";
    case base::CounterVerdict::ambiguous_wrap: return "ambiguous_wrap";
  }
  return "unknown";
}

base::Power plausible(base::Power max_power) {
  return base::scaled_up(max_power, base::percent(150));
}

}  // namespace

void DomainMeter::take(const MeterReading& reading, const MeterLimits& limits, base::MonoTime now) {
  power_.reset();
  temperature_ = reading.temperature;
  if (reading.outcome != Outcome::ok) {
    const std::string code = reading.code == 0 ? "" : "/" + std::to_string(reading.code);
    ++read_errors_[std::string(to_string(reading.outcome)) + code];
    recent_.forget_before(now);
    return;
  }
  if (reading.energy) take_energy(*reading.energy, limits, now);
  if (reading.power) {
    const bool usable = *reading.power >= base::Power{} && *reading.power <= plausible(limits.max_power);
    if (usable) power_ = reading.power;
    if (!usable) ++discarded_["implausible"];
  }
  recent_.forget_before(now);
  if (power_) recent_.add(*power_, now);
}

void DomainMeter::take_energy(base::Energy value, const MeterLimits& limits, base::MonoTime now) {
  const base::CounterReading current{value, base::WallTime(now.time_since_epoch())};
  const std::optional<base::CounterReading> previous = std::exchange(last_, current);
  if (!previous) {
    moved_at_ = now;
    return;
  }
  const base::CounterLimits counter{limits.energy_range, plausible(limits.max_power),
                                    std::chrono::ceil<base::Seconds>(gap_)};
  const base::CounterDifference gained = base::difference(*previous, current, counter);
  if (gained.verdict != base::CounterVerdict::ok) {
    ++discarded_[reason_of(gained.verdict)];
    moved_at_ = now;
    return;
  }
  if (gained.power > counter.max_power) {
    ++discarded_["implausible"];
    return;
  }
  if (value < previous->value) ++wraps_;
  total_ += gained.energy;
  if (gained.energy > base::Energy{}) moved_at_ = now;
  if (now - moved_at_ >= frozen_after_) {
    ++discarded_["frozen"];
    return;
  }
  power_ = gained.power;
}

}  // namespace headroom::rapl_agent::core
