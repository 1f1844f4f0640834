// The real edges: API server, mirrored objects, exporters. main.cc makes one; nothing else knows how they hang
// together.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "cluster/store.h"
#include "extender/app.h"
#include "extender/config.h"
#include "extender/edges.h"
#include "kube/api_client.h"
#include "kube/config.h"
#include "runtime/metrics.h"
#include "telemetry/collector.h"
#include "telemetry/http_sources.h"

namespace headroom::extender {

class World {
 public:
  // `clock` outlives it.
  World(const Config& config, const kube::ClientConfig& api, base::Clock& clock);
  ~World();  // stops
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // What an App needs of it. Valid as long as the World.
  [[nodiscard]] Edges edges(runtime::MetricsRegistry& metrics);

  // Begins to read. `on_snapshot` is called after every publication, on another thread, until stop() has returned.
  void start(std::function<void()> on_snapshot);
  void stop();
  // Ends the API calls in flight that no bind waits for, so that an App can stop promptly.
  void cancel_calls();

 private:
  base::Clock& clock_;
  const std::string identity_;
  std::function<void()> on_snapshot_;
  kube::ApiClient client_;       // lists, watches, conditions, the Lease
  kube::ApiClient bind_client_;  // bindings, with their own deadline
  telemetry::HttpSources sources_;
  telemetry::Collector collector_;
  cluster::Store store_;
  std::unique_ptr<PodBinder> binder_;
  std::unique_ptr<PodConditionWriter> conditions_;
  std::unique_ptr<SchedulerLease> lease_;
};

}  // namespace headroom::extender
