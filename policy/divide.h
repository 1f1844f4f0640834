// Dividing several limits at once over nodes that each count under some of them: water_fill.h for a whole power graph.
// Pure; any thread.
//
// All claims of one pass rise together, each by the same part of its range (to - from), until one has all that it wants
// or a limit above it is full. Passes follow one another: each starts from what the passes before have given.
//
// Costs about 5 ms for 5,000 claims under 250 limits.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.h"

namespace headroom::policy {

struct DivideShare {
  std::uint32_t limit = 0;
  base::Share share;
};

struct DivideClaim {
  std::vector<DivideShare> limits;
  base::Power range;  // how fast it rises against the others; above 0
};

// Rising of the claims `members` up to `wanted` each.
struct DividePass {
  std::vector<std::uint32_t> members;
  std::vector<base::Power> wanted;  // by member; below what is already given: nothing happens
};

struct DivideInput {
  std::vector<DivideClaim> claims;
  std::vector<base::Power> start;     // by claim: given before the first pass, whether it fits or not (floors)
  std::vector<base::Power> capacity;  // by limit
  std::vector<DividePass> passes;
};

// What every claim has after the last pass, rounded down to whole watts but never below its start. Where the starts
// fit, share x given never sums to more than the capacity; under a limit that they do not fit nobody rises.
[[nodiscard]] std::vector<base::Power> divide(const DivideInput& input);

}  // namespace headroom::policy
