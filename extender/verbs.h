// The four verbs as HTTP handlers: bytes in, bytes out. docs/scheduler-protocol.md says what is answered when.
//
//   bad JSON, not synced, books too old   filter and bind: 200 with Error; prioritize: []; preempt: no candidate
//   everything else                       200 with the decision
//
// Malformed HTTP is the server's business. Thread-safe.
#pragma once

#include <string>

#include "base/clock.h"
#include "extender/bind_service.h"
#include "extender/decision.h"
#include "extender/ledger_guard.h"
#include "extender/metrics.h"
#include "runtime/http_message.h"
#include "runtime/http_server.h"

namespace headroom::extender {

struct VerbsDependencies {
  const PublishedDecision& decisions;
  const LedgerGuard& ledger;
  BindService& binds;
  const Metrics& metrics;
  base::Clock& clock;
  base::Milliseconds max_books_age;
};

class Verbs {
 public:
  explicit Verbs(VerbsDependencies dependencies) : use_(dependencies) {}

  [[nodiscard]] runtime::HttpResponse filter(const runtime::HttpRequest& request) const;
  [[nodiscard]] runtime::HttpResponse prioritize(const runtime::HttpRequest& request) const;
  [[nodiscard]] runtime::HttpResponse preempt(const runtime::HttpRequest& request) const;
  [[nodiscard]] runtime::HttpResponse bind(const runtime::HttpRequest& request) const;

  // Every verb on the server, so that one port serves a scheduler with one extender entry too. `this` must outlive it.
  void add_routes(runtime::HttpServer& server) const;

 private:
  VerbsDependencies use_;
};

}  // namespace headroom::extender
