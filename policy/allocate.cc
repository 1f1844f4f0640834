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

constexpr base::Seconds kCoolingStep{60};
constexpr base::Share kCoolingStepDown = base::percent(90);
constexpr base::Share kCoolingStepUp = base::percent(110);

base::Power drawn_under(const AllocateInput& input, std::uint32_t limit) {
  base::Power sum;
  for (const CapNode& node : input.nodes) {
    for (const LimitShare& share : node.limits) {
      if (share.limit == limit) sum += base::scaled_up(node.measured.value_or(node.expected), share.share);
    }
  }
  return sum;
}

void cool(const CapLimit& limit, base::Power drawn, base::MonoTime now, AllocateMemory::Limit& memory) {
  const bool cools = limit.air == InletAir::cool;
  if (!cools && !memory.cool_to) {
    memory.cool_to = base::scaled_down(drawn, kCoolingStepDown);
    memory.cooled_at = now;
  }
  if (!memory.cool_to || limit.air == InletAir::unknown || now - memory.cooled_at < kCoolingStep) return;
  memory.cool_to = base::scaled_down(*memory.cool_to, cools ? kCoolingStepUp : kCoolingStepDown);
  memory.cooled_at = now;
  if (cools && *memory.cool_to >= limit.capacity) memory.cool_to.reset();
}

// The input with less capacity where it is too warm; nothing: it holds as it is.
std::optional<AllocateInput> cooled(const AllocateInput& input, AllocateMemory& memory) {
  std::optional<AllocateInput> changed;
  for (std::uint32_t l = 0; l < input.limits.size(); ++l) {
    const CapLimit& limit = input.limits[l];
    const auto known = memory.limits.find(limit.name);
    if (limit.air == InletAir::cool && (known == memory.limits.end() || !known->second.cool_to)) continue;
    AllocateMemory::Limit& kept = memory.limits[limit.name];
    cool(limit, drawn_under(input, l), input.now.mono, kept);
    if (!kept.cool_to) continue;
    if (!changed) changed = input;
    changed->limits[l].capacity = std::min(limit.capacity, *kept.cool_to);
  }
  return changed;
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

Allocation allocate(const AllocateInput& given, AllocateMemory memory) {
  const std::optional<AllocateInput> changed = cooled(given, memory);
  const AllocateInput& input = changed ? *changed : given;
  const Round round = assess(input, memory);
  const Targets targets = targets_of(round, model::EnforcementMode::enforce);
  Allocation allocation = order(round, targets, std::move(memory));
  if (any_recommended(input)) add_recommended(round, targets, allocation);
  return allocation;
}

}  // namespace headroom::policy
