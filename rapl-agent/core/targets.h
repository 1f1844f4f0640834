// Which cap each domain should have next: the split, held against what is in force now. Lowers come at once, raises
// only into room that nobody occupies any more, in steps, and not for trifles.
#pragma once

#include <optional>
#include <vector>

#include "base/units.h"

namespace headroom::rapl_agent::core {

struct TargetInput {
  base::Power floor;
  base::Power uncapped;  // what it may draw at its original; >= ceiling
  base::Power ceiling;   // a cap is at most this
  base::Power allowed;   // the ceiling, an explicit cap or what somebody else imposes: the smallest; >= floor
  base::Power demand;
  std::optional<base::Power> cap;  // its present target; nothing: at its original
  base::Power charge;              // what its limits in force and settling allow it now
  bool adjustable = true;          // false: cannot be changed now and counts `fixed`
  base::Power fixed;
  base::Power raise_step;  // how far it may rise now; 0: not yet
};

struct TargetAim {
  base::Power available;  // budget - reserve
  enum class Raises { allowed, none } raises = Raises::allowed;
  enum class Goal { divide, floors } goal = Goal::divide;
};

struct Targets {
  std::vector<std::optional<base::Power>> caps;  // by domain; nothing: leave it at its original
  base::Power shortfall;                         // floors and what is fixed need this much more than there is
};

// A change upwards smaller than this is not worth a write.
[[nodiscard]] base::Power hysteresis(base::Power cap);

[[nodiscard]] Targets next_targets(const TargetAim& aim, const std::vector<TargetInput>& domains);

}  // namespace headroom::rapl_agent::core
