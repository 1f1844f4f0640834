// Polls every source for ever and publishes what is known: the only part of telemetry/ with threads.
//
// A source that dies, hangs or lies never delays another: each request has a deadline, requests run on `concurrency`
// threads of which sources that failed last time may hold at most half. What a source said last stays in the snapshot
// and grows stale; a dead exporter is missing, not zero. Readings of nodes and pods that are gone are forgotten after
// 30 and 10 minutes.
//
// Thread-safe: the setters may be called at any time, before start() too; snapshots are immutable.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "model/endpoint_slice.h"
#include "model/telemetry.h"
#include "telemetry/node_directory.h"
#include "telemetry/sample_source.h"
#include "telemetry/telemetry_config.h"
#include "telemetry/topology_queries.h"

namespace headroom::telemetry {

class Collector {
 public:
  // Called on the collector's thread after every publish; must be quick and must not call stop().
  using OnPublish = std::function<void()>;

  // `clock` and `factory` outlive the collector. REQUIRES: validate(config) is empty.
  Collector(TelemetryConfig config, base::Clock& clock, SourceFactory& factory, OnPublish on_publish = {});
  ~Collector();  // stops
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  void set_nodes(const std::vector<NodeIdentity>& nodes);
  // All slices of the discovery namespaces; others are ignored.
  void set_endpoint_slices(const std::vector<model::EndpointSlice>& slices);
  // From queries_of(). Asked of the first Prometheus that answers, configured ones first.
  void set_topology_queries(TopologyQueries queries);

  void start();
  void stop();  // ends requests in flight at once. Idempotent

  // Never null after start().
  [[nodiscard]] std::shared_ptr<const model::TelemetrySnapshot> snapshot() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::telemetry
