// Between which watts a domain may be capped, from what the hardware says and what the operator allows.
#pragma once

#include <optional>

#include "base/units.h"
#include "rapl-agent/core/domain.h"
#include "rapl-agent/core/settings.h"

namespace headroom::rapl_agent::core {

struct DomainLimits {
  base::Power floor;    // firmware ignores less, or the node becomes unusable
  base::Power ceiling;  // more is never asked for: the interface's maximum, at most the original
  // What it may draw while nobody caps it, and what it counts for while its limit is not known: the original, which on
  // many machines is above the interface's maximum; where that is no limit at all, twice the maximum.
  base::Power uncapped;

  bool operator==(const DomainLimits&) const = default;
};

// ceiling: the smaller of the original limit and the interface's maximum, leaving out either where it makes no sense
// (0, or a maximum that no such chip has). floor: configured, else the interface's minimum, else 0.4 of its maximum, at
// least `smallest_floor`; never above the ceiling. Nothing: neither a limit nor a maximum is known, so it cannot be
// capped.
[[nodiscard]] std::optional<DomainLimits> limits_of(const Domain& domain, std::optional<base::Power> original,
                                                    const AgentSettings& settings);

// May a budget act on it? Packages, GPUs and modules with a limit; DRAM where the operator says so.
[[nodiscard]] bool cappable(const Domain& domain, const AgentSettings& settings);

}  // namespace headroom::rapl_agent::core
