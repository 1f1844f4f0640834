// The working set of one allocate(): what a round finds out about nodes and limits before it orders anything. Private
// to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "policy/allocate.h"

namespace headroom::policy {

struct NodeState {
  Charge charge;
  base::Power floor;       // whole watts; what cannot be changed included
  base::Power ceiling;     // class maximum, explicit nodeWatts, what the agent says can be drawn; >= floor
  base::Power demand;      // uncapped: the class maximum where the budget binds
  base::Power asks;        // what dividing takes for its demand: measured, or a step above the cap that holds it back
  base::Power modest;      // asks with the margin that keeps it from looking capped
  base::Power desired;     // 110 % of asks
  base::Power current;     // budget of the newest order; class maximum where there is none
  bool has_order = false;  // a NodePowerCap that is not released
  bool acked = false;      // its newest order is in force
  bool binding = false;
  bool below_floor = false;
  bool covered = false;    // under a limit that may cap it
  bool wanted = false;     // something asks for a cap here
  bool reachable = false;  // takes part in dividing
  bool stamped = true;     // its NodePowerCap bears our epoch, or it has none
};

struct LimitState {
  base::Power charged;
  base::Power fixed_charged;   // of nodes that no order reaches
  base::Power fixed_wanted;    // likewise; of those to be released, what they count for then
  base::Power fixed_expected;  // what those may draw as far as anybody knows
  base::Power mean_load;
  bool needed = false;  // the class maxima below do not fit it
  bool stamped = true;
  bool tight = false;
  bool braking = false;
  std::vector<LimitShare> under;  // `limit` counts nodes here
};

struct Round {
  const AllocateInput& input;
  std::vector<NodeState> nodes;
  std::vector<LimitState> limits;
};

struct Targets {
  std::vector<base::Power> budget;    // by node; current where it is not divided
  std::vector<base::Power> fallback;  // by node; 0 where it is not divided
  std::vector<std::uint8_t> divided;  // by node
};

// More than a raise must bring: max(5 %, 20 W).
[[nodiscard]] base::Power raise_step(base::Power budget);
[[nodiscard]] base::Power whole_watts_up(base::Power power);
[[nodiscard]] base::Power whole_watts_down(base::Power power);

// allocate_assess.cc. Also moves the memory on.
[[nodiscard]] Round assess(const AllocateInput& input, AllocateMemory& memory);

// allocate_targets.cc. `mode` recommend: limits of both modes, and every node as if it could be capped.
[[nodiscard]] Targets targets_of(const Round& round, model::EnforcementMode mode);

// allocate_spec.cc. All of a node's order but its stamp; `budget` nothing: not bounded by us.
struct OrderedBudget {
  std::uint32_t node = 0;
  std::optional<base::Power> budget;
};
[[nodiscard]] model::NodePowerCapSpec spec_of(const Round& round, const Targets& targets, const OrderedBudget& order);
[[nodiscard]] ExplicitCaps asked_of(const Round& round, std::uint32_t node);
void put_explicit(model::NodePowerCapSpec& spec, const ExplicitCaps& caps);
// An empty one where the node has no NodePowerCap.
[[nodiscard]] const model::NodePowerCapSpec& previous_spec(const CapNode& node);

// The smaller of two caps, nothing being no cap.
template <class T>
[[nodiscard]] std::optional<T> tighter(const std::optional<T>& a, const std::optional<T>& b) {
  if (!a || !b) return a ? a : b;
  return *a < *b ? a : b;
}

// allocate_orders.cc.
[[nodiscard]] Allocation order(const Round& round, const Targets& targets, AllocateMemory memory);

}  // namespace headroom::policy
