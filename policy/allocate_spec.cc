// What stands in the NodePowerCap of a node beside its budget.
#include <algorithm>

#include "policy/allocate_round.h"

namespace headroom::policy {
namespace {

using base::Power;
using model::NodePowerCapSpec;

void count(std::optional<Power>& most, std::optional<Power> other) {
  if (other && (!most || *other > *most)) most = other;
}

std::optional<Power> unacknowledged(const Round& round, const OrderedBudget& order) {
  const CapNode& node = round.input.nodes[order.node];
  std::optional<Power> most = node.in_flight;
  if (node.cap != nullptr && !round.nodes[order.node].acked) {
    count(most, node.cap->spec.release ? node.class_max : node.cap->spec.budget.value_or(node.class_max));
    count(most, node.cap->spec.unacknowledged_budget);
  }
  const bool above = most && (!order.budget || *most > *order.budget);
  return above ? most : std::nullopt;
}

// The elements' room above their continuous limits, in proportion: the sum of hard limits stays below what trips.
std::optional<Power> hard_limit(const Round& round, const OrderedBudget& order) {
  std::optional<Power> least;
  for (const LimitShare& share : round.input.nodes[order.node].limits) {
    const CapLimit& limit = round.input.limits[share.limit];
    const bool counts = limit.mode == model::EnforcementMode::enforce && limit.full > Power();
    if (!counts || limit.emergency <= limit.full) continue;
    const __int128 scaled = static_cast<__int128>(order.budget->count()) * limit.emergency.count() / limit.full.count();
    const Power mine = whole_watts_down(base::microwatts(static_cast<std::int64_t>(scaled)));
    if (!least || mine < *least) least = mine;
  }
  return least;
}

}  // namespace

const NodePowerCapSpec& previous_spec(const CapNode& node) {
  static const NodePowerCapSpec kNone;
  return node.cap == nullptr ? kNone : node.cap->spec;
}

// Paused, nothing is loosened: what was asked before stays beside what is asked now.
ExplicitCaps asked_of(const Round& round, std::uint32_t i) {
  const CapNode& node = round.input.nodes[i];
  ExplicitCaps caps = node.asked;
  if (!round.input.settings.paused || !round.nodes[i].has_order) return caps;
  const NodePowerCapSpec& before = previous_spec(node);
  caps.cpu_package = tighter(caps.cpu_package, before.cpu_package);
  caps.gpu = tighter(caps.gpu, before.gpu);
  caps.short_term_percent = tighter(caps.short_term_percent, before.short_term_percent);
  if (!caps.time_window) caps.time_window = before.time_window;
  return caps;
}

void put_explicit(NodePowerCapSpec& spec, const ExplicitCaps& caps) {
  spec.cpu_package = caps.cpu_package;
  spec.gpu = caps.gpu;
  spec.short_term_percent = caps.short_term_percent;
  spec.time_window = caps.time_window;
}

NodePowerCapSpec spec_of(const Round& round, const Targets& targets, const OrderedBudget& order) {
  const CapNode& node = round.input.nodes[order.node];
  const NodeState& state = round.nodes[order.node];
  const NodePowerCapSpec& before = previous_spec(node);
  NodePowerCapSpec spec;
  spec.budget = order.budget;
  // Paused, a smaller reserve would loosen the domains.
  spec.reserve = round.input.settings.paused ? std::max(node.reserve, before.reserve) : node.reserve;
  spec.unacknowledged_budget = unacknowledged(round, order);
  put_explicit(spec, asked_of(round, order.node));
  if (state.covered && order.budget) {
    const bool divided = targets.divided[order.node] != 0;
    const Power fallback = divided ? targets.fallback[order.node] : before.fallback.value_or(*order.budget);
    spec.fallback = std::min(std::max(fallback, state.floor), *order.budget);
    spec.hard_limit = hard_limit(round, order);
  }
  if (before.brake_until && *before.brake_until > round.input.now.wall) spec.brake_until = before.brake_until;
  return spec;
}

}  // namespace headroom::policy
