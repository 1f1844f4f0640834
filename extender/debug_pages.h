// What people ask the extender: why a pod goes where it goes, and what everything counts for right now. JSON, made for
// reading and for the tests; cold path. Both listen on loopback with the verbs: they name every pod and node.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "extender/decision.h"
#include "extender/edges.h"
#include "extender/ledger_guard.h"
#include "extender/requeue_loop.h"
#include "model/cluster_snapshot.h"
#include "runtime/http_message.h"
#include "runtime/http_server.h"

namespace headroom::extender {

struct DebugSources {
  const base::Published<model::ClusterSnapshot>& snapshots;
  const PublishedDecision& decisions;
  const LedgerGuard& ledger;
  const RequeueLoop& requeue;
  base::Clock& clock;
  base::Milliseconds max_books_age;
  std::function<std::vector<ApiSource>()> api_sources;  // may be empty
  const std::atomic<bool>& draining;                    // true: not ready any more, the program ends
};

class DebugPages {
 public:
  explicit DebugPages(DebugSources sources) : use_(std::move(sources)) {}

  // GET /explain?pod=<namespace/name or uid>[&node=<name>]: without a node, every node, the best first.
  [[nodiscard]] runtime::HttpResponse explain(const runtime::HttpRequest& request) const;
  // GET /debug/snapshot: racks, elements, policies, sources, conditions, ledger, waiting pods.
  [[nodiscard]] runtime::HttpResponse snapshot(const runtime::HttpRequest& request) const;
  // GET /livez, /readyz: 200 "ok", or 503 with the reason.
  [[nodiscard]] runtime::HttpResponse livez(const runtime::HttpRequest& request) const;
  [[nodiscard]] runtime::HttpResponse readyz(const runtime::HttpRequest& request) const;

  // `this` must outlive the server.
  void add_debug_routes(runtime::HttpServer& server) const;
  void add_health_routes(runtime::HttpServer& server) const;

 private:
  DebugSources use_;
};

}  // namespace headroom::extender
