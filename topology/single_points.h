// Racks that look redundant and are not. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "topology/compile.h"

namespace headroom::topology {

// An element that every way of power to a rack crosses, though the rack has several feeds.
struct SinglePoint {
  ElementIndex element = 0;
  std::vector<ElementIndex> racks;  // that depend on it alone, ascending

  bool operator==(const SinglePoint&) const = default;
};

// Ascending by element. Shares of an element's feeds sum to 100 % and are multiplied along every way, so what carries
// all of a rack's watts is what all its ways cross: a dominator of the rack in the graph of feeds. The rack itself and
// racks with a single feed are left out: nobody takes those for redundant.
[[nodiscard]] std::vector<SinglePoint> single_points(const Compiled& compiled);

}  // namespace headroom::topology
