// The agent's numbers for Prometheus: made from the newest report when somebody scrapes, never from hardware, so that a
// storm of scrapes costs no access. docs/metrics.md lists them.
#pragma once

#include <vector>

#include "base/clock.h"
#include "rapl-agent/core/agent_report.h"
#include "runtime/metrics.h"

namespace headroom::rapl_agent {

// What the report does not know.
struct EdgeCounts {
  std::uint64_t status_writes = 0;
  std::uint64_t status_failures = 0;
  std::uint64_t watches_reopened = 0;
};

[[nodiscard]] std::vector<runtime::CollectedFamily> metric_families(const core::AgentReport& report,
                                                                    const EdgeCounts& edges);

}  // namespace headroom::rapl_agent
