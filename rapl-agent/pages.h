// /livez, /readyz, /metrics and /debug/state. Handlers run on the listener's threads and read the newest report only.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "rapl-agent/metrics.h"
#include "rapl-agent/report_board.h"
#include "runtime/http_server.h"
#include "runtime/metrics.h"

namespace headroom::rapl_agent {

// The loop must have turned within this time to be alive. Hardware that hangs does not count against it.
inline constexpr base::Seconds kAliveWithin{10};

struct PagesView {
  const ReportBoard& board;
  const base::Clock& clock;  // the loop's
  base::MonoTime started;    // on that clock: no report is needed before kAliveWithin has passed
  std::string node;
  std::function<EdgeCounts()> edges;
  std::function<std::string()> api_problem;  // empty: the API server is heard
};

// Empty: alive.
[[nodiscard]] std::string why_not_alive(const PagesView& view);
// The report as JSON, for people and `headroom agent`.
[[nodiscard]] std::string state_json(const core::AgentReport& report, const PagesView& view);

// What the view refers to outlives server and registry.
void add_pages(runtime::HttpServer& server, runtime::MetricsRegistry& metrics, const PagesView& view);

}  // namespace headroom::rapl_agent
