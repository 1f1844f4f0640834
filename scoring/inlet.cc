#include "scoring/inlet.h"

#include <algorithm>

namespace headroom::scoring {
namespace {

using base::Temperature;

struct Moment {
  Temperature inlet;
  bool fresh = false;
  bool known_long = false;  // fresh without a break for inlet_restart_hold
};

InletHeat first_heat(const Moment& moment, Temperature limit, const Settings& settings) {
  const bool near = moment.inlet > limit - settings.inlet_hysteresis;
  const bool unsure = near && !moment.known_long;
  return {.hot = unsure, .since_start = unsure};
}

InletHeat next_heat(const InletHeat& was, const Moment& moment, Temperature limit, const Settings& settings) {
  if (!moment.fresh) return was;
  if (moment.inlet <= limit - settings.inlet_hysteresis) return {};
  if (was.since_start && moment.known_long) return {};
  return was;
}

}  // namespace

InletState inlet_state(const std::optional<model::TemperatureReading>& last, base::Seconds max_age,
                       base::WallTime now) {
  if (!last) return InletState::never;
  const bool fresh = last->grade == model::Grade::measured && last->time + max_age >= now;
  return fresh ? InletState::fresh : InletState::stale;
}

InletMemory step_inlet(InletMemory memory, const InletInput& input, const Settings& settings) {
  if (input.reading) memory.last = input.reading;
  const bool fresh = inlet_state(memory.last, input.max_age, input.now) == InletState::fresh;
  if (!fresh) memory.fresh_since.reset();
  if (fresh && !memory.fresh_since) memory.fresh_since = input.now;

  std::map<Temperature, InletHeat> heat;
  if (memory.last) {
    const Moment moment{memory.last->temperature, fresh,
                        fresh && *memory.fresh_since + settings.inlet_restart_hold <= input.now};
    for (const Temperature limit : input.limits) {
      const auto was = memory.heat.find(limit);
      if (moment.inlet > limit) {
        heat[limit] = {.hot = true, .since_start = false};
      } else {
        heat[limit] = was == memory.heat.end() ? first_heat(moment, limit, settings)
                                               : next_heat(was->second, moment, limit, settings);
      }
    }
  }
  memory.heat = std::move(heat);
  return memory;
}

}  // namespace headroom::scoring
