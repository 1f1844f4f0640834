#include "scoring/node_meter.h"

#include <algorithm>
#include <cmath>

namespace headroom::scoring {
namespace {

using base::Power;
using base::WallTime;
using model::PowerScope;

// May this reading lower anything?
bool is_whole(const model::PowerReading& reading, const MeterRules& rules, WallTime now) {
  if (reading.grade != model::Grade::measured) return false;
  if (reading.window_end > now + rules.settings.clock_skew) return false;
  return reading.devices == 0 || static_cast<std::int64_t>(reading.devices) >= rules.devices;
}

bool suspicious(Power power, const MeterRules& rules) {
  return rules.max && power > base::scaled_down(*rules.max, rules.settings.outlier);
}

void believe(ScopeMeter& meter, const model::PowerReading& reading, bool whole) {
  meter.delivered = true;
  meter.whole = whole;
  meter.whole_once = meter.whole_once || whole;
  meter.newest = reading.power;
  meter.window_start = reading.window_start;
  meter.window_end = reading.window_end;
}

void take(ScopeMeter& meter, const model::PowerReading& reading, bool whole, const MeterRules& rules) {
  const bool seen = reading.window_end == meter.judged_end && reading.power == meter.judged;
  if (seen || reading.power < Power()) return;
  meter.judged_end = reading.window_end;
  meter.judged = reading.power;
  meter.suspects = suspicious(reading.power, rules) ? meter.suspects + 1 : 0;
  if (meter.suspects == 0 || meter.suspects >= rules.settings.outliers_believed) believe(meter, reading, whole);
}

// First-order lag on the way down, none on the way up.
Power smoothed(const ScopeMeter& meter, base::Microseconds elapsed, base::Milliseconds constant) {
  if (meter.newest >= meter.smoothed || constant.count() <= 0) return meter.newest;
  const double keep =
      std::exp(-std::chrono::duration<double>(elapsed).count() / std::chrono::duration<double>(constant).count());
  const Power excess = meter.smoothed - meter.newest;
  return meter.newest + base::microwatts(std::llround(static_cast<double>(excess.count()) * std::min(keep, 1.0)));
}

// The CPU meter that counts: psys before package+dram. Null: none that `usable` admits.
template <class Usable>
const ScopeMeter* cpu_meter(const NodeMeter& meter, Usable usable) {
  if (usable(meter.of(PowerScope::psys))) return &meter.of(PowerScope::psys);
  if (usable(meter.of(PowerScope::package_dram))) return &meter.of(PowerScope::package_dram);
  return nullptr;
}

Power value_of(const ScopeMeter& meter) {
  return meter.delivered ? meter.smoothed : Power();
}

// The node's watts from those scopes that `usable` admits, completed by what they leave uncovered. Where no CPU meter
// is usable, the books stand in for the CPU; where no GPU meter is, the devices' peak or the last reading does.
template <class Usable>
Power composed(const NodeMeter& meter, const Uncovered& uncovered, Usable usable) {
  const ScopeMeter& wall = meter.of(PowerScope::wall);
  if (usable(wall)) return wall.smoothed;
  const ScopeMeter& gpu = meter.of(PowerScope::gpu);
  const Power devices = usable(gpu) ? gpu.smoothed : std::max(value_of(gpu), uncovered.devices);
  if (const ScopeMeter* cpu = cpu_meter(meter, usable)) return cpu->smoothed + uncovered.overhead + devices;
  if (usable(gpu)) return uncovered.idle + uncovered.cpu + devices;
  return {};
}

// The highest that partial sources, fresh or silent, allow to say.
Power highest_of_partial(const NodeMeter& meter, const Uncovered& uncovered) {
  const ScopeMeter& gpu = meter.of(PowerScope::gpu);
  const Power cpu = std::max(value_of(meter.of(PowerScope::psys)), value_of(meter.of(PowerScope::package_dram)));
  const Power devices = std::max(value_of(gpu), uncovered.devices);
  Power highest;
  if (cpu > Power()) highest = cpu + uncovered.overhead + devices;
  if (gpu.delivered) highest = std::max(highest, uncovered.idle + uncovered.cpu + devices);
  return highest;
}

// Now; of a node that has gone stale, the moment of its newest sample.
MeterAge counting_moment(const NodeMeter& meter, const MeterAge& age) {
  const bool fresh = std::any_of(meter.scopes.begin(), meter.scopes.end(),
                                 [&](const ScopeMeter& scope) { return is_fresh(scope, age); });
  return fresh ? age : MeterAge{newest_sample(meter), age.max_age};
}

bool any_whole_once(const NodeMeter& meter) {
  return std::any_of(meter.scopes.begin(), meter.scopes.end(),
                     [](const ScopeMeter& scope) { return scope.whole_once; });
}

// The wall meter's last word, where it counts although it is not fresh: of unknown age, or silent for not too long.
Power held_wall(const ScopeMeter& wall, const MeterAge& age, const Settings& settings) {
  if (!wall.delivered) return {};
  return wall.window_end + settings.lost_wall_meter_hold >= age.now ? wall.smoothed : Power();
}

}  // namespace

WallTime newest_sample(const NodeMeter& meter) {
  WallTime newest;
  for (const ScopeMeter& scope : meter.scopes) {
    if (scope.delivered && scope.whole) newest = std::max(newest, scope.window_end);
  }
  return newest;
}

ScopeMeter observe_scope(ScopeMeter meter, const model::PowerReading* reading, const MeterRules& rules,
                         const MeterTime& time) {
  if (reading != nullptr) take(meter, *reading, is_whole(*reading, rules, time.now), rules);
  if (meter.delivered) meter.smoothed = smoothed(meter, time.elapsed, rules.settings.fall_time_constant);
  return meter;
}

NodeMeter observe(NodeMeter meter, const model::NodeTelemetry* telemetry, const MeterRules& rules, WallTime now) {
  const MeterTime time{now, std::max(now - meter.stepped, base::Microseconds(0))};
  meter.stepped = now;
  meter.too_large = false;
  for (std::size_t i = 0; i < model::kPowerScopes; ++i) {
    ScopeMeter& scope = meter.scopes[i];
    const bool delivered = telemetry != nullptr && telemetry->power[i].has_value();
    scope = observe_scope(scope, delivered ? &*telemetry->power[i] : nullptr, rules, time);
    meter.too_large = meter.too_large || (scope.delivered && suspicious(scope.newest, rules));
  }
  return meter;
}

bool is_fresh(const ScopeMeter& meter, const MeterAge& age) {
  return meter.delivered && meter.whole && meter.window_end + age.max_age >= age.now;
}

std::optional<WallTime> window_start_of(const NodeMeter& meter, const MeterAge& age) {
  const MeterAge moment = counting_moment(meter, age);
  const auto usable = [&](const ScopeMeter& scope) { return is_fresh(scope, moment); };
  const ScopeMeter& wall = meter.of(PowerScope::wall);
  if (usable(wall)) return wall.window_start;
  std::optional<WallTime> earliest;
  if (const ScopeMeter* cpu = cpu_meter(meter, usable)) earliest = cpu->window_start;
  const ScopeMeter& gpu = meter.of(PowerScope::gpu);
  if (usable(gpu)) earliest = earliest ? std::min(*earliest, gpu.window_start) : gpu.window_start;
  return earliest;
}

Measured measure(const NodeMeter& meter, const Uncovered& uncovered, const MeterQuestion& question) {
  const MeterAge& age = question.age;
  const auto fresh_now = [&](const ScopeMeter& scope) { return is_fresh(scope, age); };
  const MeterAge moment = counting_moment(meter, age);
  Measured measured;
  measured.fresh = std::any_of(meter.scopes.begin(), meter.scopes.end(), fresh_now);
  measured.ever = any_whole_once(meter);
  measured.power = composed(meter, uncovered, [&](const ScopeMeter& scope) { return is_fresh(scope, moment); });

  const ScopeMeter& wall = meter.of(PowerScope::wall);
  measured.at_least = measured.power;
  if (fresh_now(wall)) return measured;
  const Power held = held_wall(wall, age, question.settings);
  measured.at_least = std::max({measured.power, highest_of_partial(meter, uncovered), held});
  if (measured.fresh && !wall.whole) measured.power = std::max(measured.power, held);
  return measured;
}

}  // namespace headroom::scoring
