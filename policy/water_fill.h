// Dividing one amount of watts: the controller over nodes, the node's agent over packages and GPUs. Pure; any thread.
//
//   1. Everybody gets its floor. A floor is physics (a domain's smallest cap, an idle machine): it is given even where
//      the floors together pass what there is; `shortfall` says by how much.
//   2. From the highest priority to the lowest, everybody gets its demand, at most its ceiling. In the class that does
//   not
//      fit all rise together, each by the same part of its range from floor to ceiling, until it has its demand: modest
//      demands are met in full, hungry ones share the rest. Lower classes stay at their floors.
//   3. What is left over is dealt out in proportion to the room up to the ceilings, whatever the priority.
//
// Since floors come first and nothing is scaled below them afterwards, a claim that is lifted to its floor takes those
// watts from the others in the same pass; nothing has to be subtracted again.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.h"

namespace headroom::policy {

// floor <= ceiling; a ceiling below the floor counts as the floor. Demand outside of them counts as the nearer one.
struct WaterClaim {
  base::Power floor;
  base::Power ceiling;
  base::Power demand;
  std::int32_t priority = 0;  // larger is served first

  bool operator==(const WaterClaim&) const = default;
};

struct WaterFill {
  std::vector<base::Power> given;  // by claim; floor <= given <= ceiling
  base::Power shortfall;           // floors beyond what there is; above 0: infeasible, every claim is at its floor
  base::Power left_over;           // what no ceiling could take

  // given sums to available - left_over, exactly, unless there is a shortfall.
  [[nodiscard]] bool feasible() const { return shortfall <= base::Power(); }
};

// Microwatts are never lost to rounding: sum(given) + left_over - shortfall == available. A negative amount counts as
// a shortfall of its own.
[[nodiscard]] WaterFill water_fill(const std::vector<WaterClaim>& claims, base::Power available);

}  // namespace headroom::policy
