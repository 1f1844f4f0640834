#include "rapl-agent/core/split.h"

#include <algorithm>

namespace headroom::rapl_agent::core {
namespace {

using base::Power;

Power part_of(Power whole, Power numerator, Power denominator) {
  return base::microwatts(static_cast<std::int64_t>(static_cast<__int128>(whole.count()) * numerator.count() /
                                                    std::max<std::int64_t>(denominator.count(), 1)));
}

// Raises each cap towards its goal, in proportion to the weights, until `left` is dealt out or every goal is reached.
Power deal(Power left, std::vector<Power>& caps, const std::vector<Power>& goals, const std::vector<Power>& weights) {
  while (left > Power{}) {
    Power open;
    for (std::size_t i = 0; i < caps.size(); ++i) {
      if (caps[i] < goals[i]) open += weights[i];
    }
    if (open <= Power{}) return left;
    Power given;
    for (std::size_t i = 0; i < caps.size(); ++i) {
      if (caps[i] >= goals[i]) continue;
      const Power gets = std::min(goals[i] - caps[i], part_of(left, weights[i], open));
      caps[i] += gets;
      given += gets;
    }
    // Less than one microwatt each is left: nobody misses it.
    if (given <= Power{}) return left;
    left -= given;
  }
  return left;
}

}  // namespace

Split split_budget(Power available, const std::vector<SplitShare>& shares) {
  Split split;
  std::vector<Power> wishes;
  std::vector<Power> wish_weights;
  std::vector<Power> ceilings;
  std::vector<Power> ceiling_weights;
  Power floors;
  for (const SplitShare& share : shares) {
    split.caps.push_back(share.floor);
    floors += share.floor;
    wishes.push_back(std::clamp(share.demand, share.floor, share.ceiling));
    wish_weights.push_back(wishes.back() - share.floor + base::microwatts(1));
    ceilings.push_back(share.ceiling);
    ceiling_weights.push_back(share.ceiling + base::microwatts(1));
  }
  if (floors > available) {
    split.shortfall = floors - available;
    return split;
  }
  const Power left = deal(available - floors, split.caps, wishes, wish_weights);
  deal(left, split.caps, ceilings, ceiling_weights);
  return split;
}

}  // namespace headroom::rapl_agent::core
