#include "rapl-agent/core/limits.h"

#include <algorithm>

namespace headroom::rapl_agent::core {
namespace {

// More than any chip of its kind draws: registers full of ones, "unlimited" as 4090 W and the like.
base::Power absurd(DomainKind kind) {
  return kind == DomainKind::module ? base::watts(5'000) : base::watts(2'000);
}

std::optional<base::Power> configured(const std::map<std::string, base::Power>& table, const Domain& domain) {
  if (const auto own = table.find(domain.id); own != table.end()) return own->second;
  if (const auto kind = table.find(std::string(to_string(domain.kind))); kind != table.end()) return kind->second;
  return std::nullopt;
}

template <class Choose>
std::optional<base::Power> hint_of(const Domain& domain, std::optional<base::Power> Control::*hint, Choose choose) {
  std::optional<base::Power> result;
  for (const Control& control : domain.controls) {
    const auto& value = control.*hint;
    if (!value || *value <= base::Power{} || *value > absurd(domain.kind)) continue;
    result = result ? choose(*result, *value) : *value;
  }
  return result;
}

base::Power smaller(base::Power a, base::Power b) {
  return std::min(a, b);
}
base::Power larger(base::Power a, base::Power b) {
  return std::max(a, b);
}

}  // namespace

std::optional<DomainLimits> limits_of(const Domain& domain, std::optional<base::Power> original,
                                      const AgentSettings& settings) {
  const auto maximum = hint_of(domain, &Control::max_hint, smaller);
  const auto minimum = hint_of(domain, &Control::min_hint, larger);
  if (original && *original <= base::Power{}) original.reset();
  if (!original && !maximum) return std::nullopt;

  DomainLimits limits;
  limits.floor =
      std::max(maximum ? base::scaled_up(*maximum, base::percent(40)) : base::Power{}, settings.smallest_floor);
  if (minimum) limits.floor = *minimum;
  if (const auto own = configured(settings.floors, domain)) limits.floor = *own;

  // A maximum below the floor contradicts itself: the original is all there is.
  const bool sane = maximum && (!original || *maximum > limits.floor);
  limits.ceiling = !sane ? *original : (original ? std::min(*original, *maximum) : *maximum);
  if (const auto own = configured(settings.ceilings, domain)) limits.ceiling = std::min(limits.ceiling, *own);
  limits.floor = std::min(limits.floor, limits.ceiling);
  const bool limited = original && (*original <= absurd(domain.kind) || !maximum);
  limits.uncapped = std::max(limited ? *original : *maximum * 2, limits.ceiling);
  return limits;
}

bool cappable(const Domain& domain, const AgentSettings& settings) {
  const bool limited = std::any_of(domain.controls.begin(), domain.controls.end(),
                                   [](const Control& control) { return control.has(Field::long_term_limit); });
  switch (domain.kind) {
    case DomainKind::cpu_package:
    case DomainKind::gpu:
    case DomainKind::module: return limited;
    case DomainKind::dram: return limited && settings.cap_dram;
    case DomainKind::node_meter:
    case DomainKind::part_meter:
    case DomainKind::frequency: return false;
  }
  return false;
}

}  // namespace headroom::rapl_agent::core
