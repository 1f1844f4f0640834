#include "rapl-agent/core/budgeting.h"

#include <algorithm>

namespace headroom::rapl_agent::core {
namespace {

using base::Power;

// More than any node: only explicit caps and ceilings bind.
constexpr Power kUnbounded = base::watts(1'000'000);

std::int64_t members_of(const Catalog& catalog, const DomainRecord& record) {
  if (record.facts.group.empty()) return 1;
  return std::count_if(catalog.records().begin(), catalog.records().end(), [&](const auto& other) {
    return other->cappable && other->facts.kind == record.facts.kind && other->facts.group == record.facts.group;
  });
}

// The order's cap for this very domain; the dies of a package share theirs equally.
std::optional<Power> explicit_cap(const BudgetFacts& facts, const DomainRecord& record) {
  if (!facts.order) return std::nullopt;
  if (record.is_gpu()) return facts.order->spec.gpu;
  if (record.facts.kind != DomainKind::cpu_package || !facts.order->spec.cpu_package) return std::nullopt;
  const std::int64_t members = std::max<std::int64_t>(members_of(facts.catalog, record), 1);
  return base::microwatts(facts.order->spec.cpu_package->count() / members);
}

Power demand_of(const DomainRecord& record) {
  const auto p95 = record.meter.p95();
  if (!p95) return record.limits->ceiling;
  return base::scaled_up(*p95, base::percent(110)) + base::watts(10);
}

// A tenth of the ceiling in Timing::ramp, and not before the period since the last raise is over.
Power raise_step(const BudgetFacts& facts, const DomainRecord& record, base::MonoTime now) {
  const Timing& timing = facts.settings.timing;
  const base::Microseconds period = record.is_gpu() ? timing.gpu_period : timing.cpu_period;
  if (record.raised_at && now - *record.raised_at < period) return {};
  const Power tenth = base::scaled_down(record.limits->ceiling, base::percent(10));
  return base::microwatts(tenth.count() * period.count() / base::Microseconds(timing.ramp).count());
}

struct Entry {
  TargetInput input;
  Power missing;  // the explicit cap is this much below the floor
};

Entry entry_of(const BudgetFacts& facts, const DomainRecord& record, base::MonoTime now) {
  Entry entry;
  TargetInput& input = entry.input;
  input.floor = record.floor();
  input.ceiling = record.limits->ceiling;
  input.uncapped = record.limits->uncapped;
  input.allowed = input.ceiling;
  if (const auto cap = explicit_cap(facts, record)) {
    input.allowed = std::min(input.allowed, *cap);
    entry.missing = std::max(input.floor - *cap, Power{});
  }
  for (const SurfaceState& surface : record.surfaces) {
    if (const auto foreign = surface.foreign_ceiling(now)) input.allowed = std::min(input.allowed, *foreign);
  }
  input.allowed = std::max(input.allowed, input.floor);
  input.demand = demand_of(record);
  input.cap = record.target;
  input.charge = record.settling.charge();
  input.adjustable = record.reliable() && !record.dark;
  input.fixed = record.worst();
  input.raise_step = raise_step(facts, record, now);
  return entry;
}

}  // namespace

BudgetPlan plan_budget(const BudgetFacts& facts, base::MonoTime now) {
  BudgetPlan plan;
  std::vector<TargetInput> inputs;
  Power missing;
  for (const auto& record : facts.catalog.records()) {
    if (!record->cappable) continue;
    const Entry entry = entry_of(facts, *record, now);
    plan.domains.push_back(record.get());
    inputs.push_back(entry.input);
    missing += entry.missing;
  }
  const bool bound = facts.aim.budget.has_value();
  if (!bound && !facts.order && !facts.aim.floors) {
    for (const DomainRecord* record : plan.domains) plan.targets.caps.push_back(record->target);
    return plan;
  }
  TargetAim aim;
  aim.available = bound ? *facts.aim.budget - facts.reserve : kUnbounded;
  aim.raises = facts.aim.raises ? TargetAim::Raises::allowed : TargetAim::Raises::none;
  aim.goal = facts.aim.floors ? TargetAim::Goal::floors : TargetAim::Goal::divide;
  plan.targets = next_targets(aim, inputs);
  plan.shortfall = std::max(plan.targets.shortfall, missing);
  return plan;
}

CapTerms terms_of(const std::optional<CapOrder>& order, const AgentSettings& settings) {
  CapTerms terms{settings.short_term, settings.time_window, settings.pl2};
  if (!order) return terms;
  if (order->spec.short_term_percent) terms.short_term = base::percent(*order->spec.short_term_percent);
  if (order->spec.time_window) terms.time_window = order->spec.time_window;
  return terms;
}

base::Power charged(const Catalog& catalog) {
  Power sum;
  for (const auto& record : catalog.records()) {
    if (record->cappable) sum += record->settling.charge();
  }
  return sum;
}

}  // namespace headroom::rapl_agent::core
