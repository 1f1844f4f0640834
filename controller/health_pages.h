// /livez, /readyz and the numbers behind /metrics. Handlers and collector run on several threads; they read published
// values only.
#pragma once

#include <string>

#include "base/clock.h"
#include "cluster/store.h"
#include "controller/caps_report.h"
#include "controller/status_loop.h"
#include "runtime/http_server.h"
#include "runtime/metrics.h"

namespace headroom::controller {

struct HealthView {
  const StatusLoop& loop;
  const base::Published<CapsReport>& caps;
  const cluster::Store& store;
  const base::Clock& clock;
  base::Milliseconds max_books_age;
};

// Empty: ready. Ready means that this replica could lead: mirrored, and its books are fresh. A follower is ready too.
[[nodiscard]] std::string why_not_ready(const LoopReport& report, const model::ClusterSnapshot& snapshot,
                                        base::MonoTime now, base::Milliseconds max_books_age);

// What they refer to outlives server and registry.
void add_health_routes(runtime::HttpServer& server, runtime::MetricsRegistry& metrics, const HealthView& view);
void add_metrics(runtime::MetricsRegistry& metrics, const HealthView& view);

}  // namespace headroom::controller
