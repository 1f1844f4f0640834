#include "policy/allocate.h"

#include <algorithm>

#include "policy/allocate_round.h"

namespace headroom::policy {
namespace {

bool any_recommended(const AllocateInput& input) {
  return std::any_of(input.limits.begin(), input.limits.end(),
                     [](const CapLimit& limit) { return limit.mode == model::EnforcementMode::recommend; });
}

// What limits in mode Recommend would lower nodes to, beside what is in force.
void add_recommended(const Round& round, const Targets& in_force, Allocation& allocation) {
  const Targets recommended = targets_of(round, model::EnforcementMode::recommend);
  for (std::size_t i = 0; i < allocation.nodes.size(); ++i) {
    if (recommended.divided[i] == 0 || recommended.budget[i] >= in_force.budget[i]) continue;
    allocation.nodes[i].recommended = recommended.budget[i];
  }
}

}  // namespace

std::string_view to_string(WriteCause cause) {
  switch (cause) {
    case WriteCause::brake: return "Brake";
    case WriteCause::lower: return "Lower";
    case WriteCause::explicit_caps: return "ExplicitCaps";
    case WriteCause::first: return "First";
    case WriteCause::stamp: return "Stamp";
    case WriteCause::raise: return "Raise";
    case WriteCause::fallback: return "Fallback";
    case WriteCause::release: return "Release";
  }
  return "Unknown";
}

Allocation allocate(const AllocateInput& input, AllocateMemory memory) {
  const Round round = assess(input, memory);
  const Targets targets = targets_of(round, model::EnforcementMode::enforce);
  Allocation allocation = order(round, targets, std::move(memory));
  if (any_recommended(input)) add_recommended(round, targets, allocation);
  return allocation;
}

}  // namespace headroom::policy
