#include "policy/charge.h"

#include <algorithm>

namespace headroom::policy {
namespace {

using base::Power;

CapReach reach_of(const ChargeInput& input) {
  if (input.cap == nullptr) return CapReach::none;
  const model::NodePowerCapStatus& status = input.cap->status;
  if (!status.state || !status.observed || status.observed->uid != input.cap->uid || !status.applied) {
    return status.state == model::CapState::observe ? CapReach::observing : CapReach::unheard;
  }
  if (status.boot_id != input.boot_id) return CapReach::rebooted;
  if (*status.state == model::CapState::observe) return CapReach::observing;
  if (input.cap->spec.release || *status.state == model::CapState::releasing) return CapReach::releasing;
  if (input.agent == AgentPresence::unready_past_grace) return CapReach::silent;
  return CapReach::acknowledged;
}

// What the node may be acting on: the bound it acknowledged, and every order that no ack has superseded. The newest
// order always counts: within it an agent may deal its watts out anew.
Power outstanding(const ChargeInput& input) {
  const model::NodePowerCap& cap = *input.cap;
  Power most = std::max(*cap.status.applied, cap.spec.budget.value_or(input.class_max));
  if (!model::acknowledged(cap) && cap.spec.unacknowledged_budget) {
    most = std::max(most, *cap.spec.unacknowledged_budget);
  }
  if (input.in_flight) most = std::max(most, *input.in_flight);
  return std::min(most, input.class_max);
}

}  // namespace

std::string_view to_string(CapReach reach) {
  switch (reach) {
    case CapReach::none: return "NoNodePowerCap";
    case CapReach::unheard: return "AgentUnheard";
    case CapReach::observing: return "AgentObserves";
    case CapReach::rebooted: return "Rebooted";
    case CapReach::silent: return "AgentSilent";
    case CapReach::releasing: return "Releasing";
    case CapReach::acknowledged: return "Acknowledged";
  }
  return "Unknown";
}

Charge charge_of(const ChargeInput& input) {
  Charge charge;
  charge.reach = reach_of(input);
  charge.charged = input.class_max;
  if (charge.reach == CapReach::acknowledged) {
    charge.charged = outstanding(input);
    charge.held_to = std::min(input.cap->spec.budget.value_or(input.class_max), *input.cap->status.applied);
  } else if (charge.reach == CapReach::silent && input.wall) {
    charge.charged = std::min(input.class_max, std::max(outstanding(input), *input.wall));
  }
  return charge;
}

bool throttled(const model::NodePowerCap& cap) {
  return std::any_of(cap.status.conditions.begin(), cap.status.conditions.end(),
                     [](const model::CapCondition& c) { return c.type == model::kCapConditionThrottled && c.holds; });
}

bool binds(const Charge& charge, const model::NodePowerCap& cap, std::optional<Power> measured) {
  if (!charge.held_to) return false;
  if (throttled(cap)) return true;
  return measured && *measured >= base::scaled_down(*charge.held_to, base::percent(95));
}

}  // namespace headroom::policy
