// Dividing what a node may draw over its domains. Pure arithmetic over integers.
#pragma once

#include <vector>

#include "base/units.h"

namespace headroom::rapl_agent::core {

struct SplitShare {
  base::Power floor;
  base::Power ceiling;  // REQUIRES: >= floor
  base::Power demand;   // what it would use; counted between floor and ceiling
};

struct Split {
  std::vector<base::Power> caps;  // one for each share, in order
  base::Power shortfall;          // above 0: the floors need this much more than there is; they hold all the same
};

// Everybody gets the floor; what is left goes towards demand, each share getting an equal part of its own wish; then
// towards the ceilings in proportion to them. The sum is at most `available` unless shortfall says otherwise, and all
// of `available` is dealt out while somebody can take it.
[[nodiscard]] Split split_budget(base::Power available, const std::vector<SplitShare>& shares);

}  // namespace headroom::rapl_agent::core
