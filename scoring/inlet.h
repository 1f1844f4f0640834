// Inlet temperature of a rack against limits: freshness, 2 degrees of hysteresis, and the rule for the minutes after a
// restart. State is a value; step_inlet() gives the next one. Pure.
//
//   above the limit                      hot
//   hot, and at most limit - 2 degrees   no longer hot
//   first seen within 2 degrees          hot until cooled, or until 5 minutes of fresh samples stayed within the limit
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "model/telemetry.h"
#include "scoring/settings.h"
#include "topology/stale_rule.h"

namespace headroom::scoring {

enum class InletState : std::uint8_t {
  never,  // no sensor has ever delivered in this process's life
  stale,
  fresh,
};

struct InletHeat {
  bool hot = false;
  bool since_start = false;  // hot only because nobody knows what was before this process started

  bool operator==(const InletHeat&) const = default;
};

struct InletMemory {
  std::optional<model::TemperatureReading> last;  // the newest
  std::optional<base::WallTime> fresh_since;      // start of the unbroken run of fresh samples
  std::map<base::Temperature, InletHeat> heat;    // by limit
};

struct InletInput {
  std::optional<model::TemperatureReading> reading;  // the rack's; nothing: none now, the last one stays and grows old
  std::vector<base::Temperature> limits;             // every limit that anybody has for this rack
  base::Seconds max_age{60};
  base::WallTime now;
};

[[nodiscard]] InletMemory step_inlet(InletMemory memory, const InletInput& input, const Settings& settings);

[[nodiscard]] InletState inlet_state(const std::optional<model::TemperatureReading>& last, base::Seconds max_age,
                                     base::WallTime now);

}  // namespace headroom::scoring
