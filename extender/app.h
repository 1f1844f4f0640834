// The extender without its edges: decision loop, ledger, verbs, requeue, listeners. main.cc gives it a real API server,
// tests give it snapshots and fakes of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/published.h"
#include "base/result.h"
#include "extender/config.h"
#include "extender/edges.h"
#include "model/cluster_snapshot.h"
#include "runtime/metrics.h"

namespace headroom::extender {

// Everything outlives the App.
struct Edges {
  base::Clock& clock;
  const base::Published<model::ClusterSnapshot>& snapshots;
  PodBinder& binder;
  PodConditionWriter& conditions;
  SchedulerLease& lease;
  runtime::MetricsRegistry& metrics;
  std::string identity;  // host name, as the kube-scheduler beside us uses it in its Lease
  std::function<std::vector<ApiSource>()> api_sources{};  // empty: none to show
};

struct Ports {
  std::uint16_t verbs = 0;
  std::uint16_t bind = 0;
  std::uint16_t health = 0;
};

class App {
 public:
  App(const Config& config, const Edges& edges);
  ~App();  // stops
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Listens and begins to decide. Errors: an address that cannot be had, a certificate that cannot be read.
  [[nodiscard]] base::Result<Ports> start();
  // Health goes last, so that a draining extender is seen as one. Idempotent.
  void stop();

  // A new snapshot has been published. Any thread; cheap.
  void snapshot_published();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace headroom::extender
