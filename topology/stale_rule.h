// What happens to nodes whose telemetry is too old, and when it is too old. Rules combine by taking the stricter of
// each half: a policy can only tighten what PowerTopology says.
#pragma once

#include <algorithm>
#include <optional>

#include "base/durations.h"
#include "model/policy.h"

namespace headroom::topology {

struct StaleRule {
  model::StaleTelemetry on_stale = model::StaleTelemetry::assume_peak;
  base::Seconds max_age{60};

  bool operator==(const StaleRule&) const = default;
};

// An unset half inherits.
[[nodiscard]] inline StaleRule tightened(StaleRule rule, std::optional<model::StaleTelemetry> on_stale,
                                         std::optional<base::Seconds> max_age) {
  if (on_stale) rule.on_stale = std::max(rule.on_stale, *on_stale);
  if (max_age) rule.max_age = std::min(rule.max_age, *max_age);
  return rule;
}
[[nodiscard]] inline StaleRule tightened(StaleRule a, StaleRule b) {
  return tightened(a, b.on_stale, b.max_age);
}

}  // namespace headroom::topology
