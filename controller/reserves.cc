#include "controller/reserves.h"

namespace headroom::controller {
namespace {

// What an agent that is there says of this boot. It writes when more than 1 % has changed: an old status still holds.
std::optional<base::Power> controllable(const policy::CapNode& node) {
  if (node.cap == nullptr || node.agent != policy::AgentPresence::ready) return std::nullopt;
  const model::NodePowerCapStatus& status = node.cap->status;
  if (!status.state || status.boot_id != node.boot_id || status.domains.empty()) return std::nullopt;
  base::Power sum;
  for (const model::CapDomain& domain : status.domains) {
    if (!domain.measured) return std::nullopt;
    sum += *domain.measured;
  }
  return sum;
}

policy::ReserveFacts facts_of(const policy::CapNode& node) {
  policy::ReserveFacts facts{node.wall, controllable(node), {}, node.reserve};
  if (node.cap != nullptr && !node.cap->spec.release) facts.standing = node.cap->spec.reserve;
  return facts;
}

}  // namespace

void Reserves::put(policy::AllocateInput& input) {
  std::map<std::string, policy::ReserveWindow, std::less<>> kept;
  for (policy::CapNode& node : input.nodes) {
    if (node.deleted) continue;
    const policy::ReserveFacts facts = facts_of(node);
    auto known = windows_.extract(node.name);
    if (known.empty() && (!facts.wall || !facts.controllable)) continue;
    const auto at = known.empty() ? kept.try_emplace(kept.end(), node.name) : kept.insert(kept.end(), std::move(known));
    node.reserve = policy::reserve_of(facts, at->second, input.now.mono);
  }
  windows_ = std::move(kept);
}

}  // namespace headroom::controller
