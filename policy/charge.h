// What one node counts for while its draw is bounded by orders of ours: an upper bound of what it may draw, whatever
// arrives when. The sum of charges under a limit is what no write may take past it. The controller and the extender
// both ask here, so they agree. Pure; any thread.
//
//   charged = max(every budget written and not superseded by an ack, status.appliedWatts), at most the class maximum;
//             the newest budget is superseded by nothing
//   class maximum   while the node has no NodePowerCap, none of its orders was ever acknowledged, or it was rebooted
//   unready agent   (same boot) keeps its charge for the grace time, then the class maximum; a wall meter that proves
//                   less wins: max(that charge, metered)
#pragma once

#include <optional>
#include <string_view>

#include "base/units.h"
#include "model/node_power_cap.h"

namespace headroom::policy {

// Whether orders reach the hardware of a node.
enum class CapReach {
  none,          // no NodePowerCap
  unheard,       // its agent has not spoken, or acknowledged nothing of this object yet
  observing,     // the agent's own mode is Observe, or the node has nothing that can be capped: it writes nothing
  rebooted,      // status is of an earlier boot
  silent,        // the agent is not ready, for longer than the grace time
  releasing,     // was told to let go, or is letting go
  acknowledged,  // an order of this object is in force
};
[[nodiscard]] std::string_view to_string(CapReach reach);

enum class AgentPresence { ready, unready_within_grace, unready_past_grace };

struct ChargeInput {
  const model::NodePowerCap* cap = nullptr;  // null: none
  std::string_view boot_id;                  // of the Node
  base::Power class_max;
  AgentPresence agent = AgentPresence::ready;
  std::optional<base::Power> wall;  // a fresh wall meter
  // The largest budget of writes of ours whose outcome is not known, or that `cap` does not show yet.
  std::optional<base::Power> in_flight;
};

struct Charge {
  base::Power charged;
  CapReach reach = CapReach::none;
  // What the node is held to: the smaller of the budget ordered and what is in force. Nothing: nothing holds it.
  std::optional<base::Power> held_to;
};

[[nodiscard]] Charge charge_of(const ChargeInput& input);

// The agent says that demand is above the cap.
[[nodiscard]] bool throttled(const model::NodePowerCap& cap);
// At 95 % of what it is held to, or reported as throttled: its draw says nothing about its demand.
[[nodiscard]] bool binds(const Charge& charge, const model::NodePowerCap& cap, std::optional<base::Power> measured);

}  // namespace headroom::policy
