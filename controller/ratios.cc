#include "controller/ratios.h"

#include <algorithm>
#include <utility>

namespace headroom::controller {
namespace {

using base::Power;
using policy::CapLimit;
using policy::CapNode;

constexpr base::Seconds kFresh{60};
// allocate.h's, of what cannot be changed.
constexpr base::Share kDemandMargin = base::percent(110);

// The nodes that a policy may cap, summed up.
struct Below {
  Power idle;
  Power floors;
  std::optional<Power> measured = Power();  // nothing: one of them is not freshly metered
  bool settled = true;
};

// What orders cannot take from the node. One without an order is yet to get its first.
Power floor_of(const CapNode& node) {
  if (node.cap == nullptr && node.opted_in) return node.idle;
  const policy::Charge charge =
      policy::charge_of({node.cap.get(), node.boot_id, node.class_max, node.agent, node.wall, node.in_flight});
  const Power draws = base::scaled_up(node.measured.value_or(node.expected), kDemandMargin);
  if (charge.reach != policy::CapReach::acknowledged) return std::min(node.class_max, std::max(draws, node.expected));
  return std::max(node.idle, node.cap->status.min.value_or(node.idle));
}

Below below(const policy::AllocateInput& input, std::uint32_t limit) {
  Below sum;
  for (const CapNode& node : input.nodes) {
    const bool under = std::any_of(node.limits.begin(), node.limits.end(),
                                   [limit](const policy::LimitShare& share) { return share.limit == limit; });
    if (!under) continue;
    sum.idle += node.idle;
    sum.floors += floor_of(node);
    sum.measured = sum.measured && node.measured ? std::optional(*sum.measured + *node.measured) : std::nullopt;
    sum.settled = sum.settled && (node.cap == nullptr || model::acknowledged(*node.cap));
  }
  return sum;
}

// The capacity has the nodes' idle watts on top, and the members on nodes of others taken off.
Power capacity_at(const CapLimit& limit, Power held_to) {
  return limit.capacity - limit.full + held_to;
}

policy::RatioFacts facts_of(const scoring::CapInput& input, std::uint32_t index) {
  const CapLimit& limit = input.allocate.limits[index];
  const Below sum = below(input.allocate, index);
  const Power elsewhere = limit.full + sum.idle - limit.capacity;
  policy::RatioFacts facts;
  facts.limit = limit.full;
  if (sum.measured) facts.drawn = *sum.measured - sum.idle + elsewhere;
  facts.settled = sum.settled;
  facts.least = std::max(sum.floors - sum.idle + elsewhere, base::watts(1));
  facts.may_step = limit.mode == model::EnforcementMode::enforce && !input.allocate.settings.paused;
  return facts;
}

// Lowers the limit's capacity to what the members are held to, where floors leave it: floors that do not fit are no
// conflict of powerCapLimit's.
RatioFinding applied(const policy::RatioMemory& memory, const policy::RatioFacts& facts, CapLimit& limit) {
  RatioFinding finding{memory.verdict, memory.lack, memory.ratio, memory.held_to};
  if (finding.held_to) finding.held_to = std::max(*finding.held_to, facts.least);
  if (finding.held_to && *finding.held_to >= limit.full) finding.held_to.reset();
  if (finding.held_to) limit.capacity = capacity_at(limit, *finding.held_to);
  return finding;
}

std::optional<double> performance_of(const model::TelemetrySnapshot& telemetry, const std::string& policy,
                                     base::WallTime now) {
  const auto found = telemetry.performance.find(policy);
  if (found == telemetry.performance.end() || found->second.time + kFresh < now) return std::nullopt;
  return found->second.value;
}

}  // namespace

void Ratios::put(scoring::CapInput& input, const scoring::Books& books, const model::TelemetrySnapshot& telemetry) {
  findings_.clear();
  std::map<std::string, policy::RatioMemory, std::less<>> kept;
  for (const auto& object : books.policies->policies()) {
    if (!object->performance_power_ratio) continue;
    const std::string key = model::key_of(*object);
    const auto known = memories_.find(key);
    kept[key] = known == memories_.end() ? policy::RatioMemory() : known->second;
    findings_[key];
  }
  memories_ = std::move(kept);
  for (std::uint32_t l = 0; l < input.allocate.limits.size(); ++l) {
    CapLimit& limit = input.allocate.limits[l];
    const auto memory = memories_.find(limit.name);
    if (limit.kind != policy::LimitKind::policy || memory == memories_.end()) continue;
    policy::RatioFacts facts = facts_of(input, l);
    facts.performance = performance_of(telemetry, limit.name, input.allocate.now.wall);
    policy::step_ratio(*books.policies->policies()[limit.subject]->performance_power_ratio, facts,
                       input.allocate.now.mono, memory->second);
    findings_[limit.name] = applied(memory->second, facts, limit);
  }
}

}  // namespace headroom::controller
