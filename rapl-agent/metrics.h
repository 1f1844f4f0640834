// The agent's numbers for Prometheus: made from the newest report when somebody scrapes, never from hardware, so that a
// storm of scrapes costs no access. docs/metrics.md lists them.
#pragma once

#include <optional>
#include <string>
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
  std::string gpu_helper;  // its state in a word; empty: this node has had none
};

[[nodiscard]] std::vector<runtime::CollectedFamily> metric_families(const core::AgentReport& report,
                                                                    const EdgeCounts& edges);

// How long orders take: from being taken to being read back everywhere, the averaging windows left out. Each order
// counts once. Used by the loop's thread.
class ApplyTimes {
 public:
  // `registry` must outlive it.
  explicit ApplyTimes(runtime::MetricsRegistry& registry);
  // `now` on the loop's clock, after the turn that the report is of.
  void note(const core::AgentReport& report, base::MonoTime now);

 private:
  runtime::Histogram seconds_;
  std::optional<core::OrderId> last_;
};

}  // namespace headroom::rapl_agent
