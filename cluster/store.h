// Joins what the API server says with what the meters say, and publishes it: the only writer of ClusterSnapshot.
//
// One writer thread owns all state. Reflectors (nodes, pods, policies, topologies, the ConfigMap of last valid
// topologies, NodePowerCaps, resource claims and their templates where the API server has them) hand their changes to
// it; telemetry is taken from where the collector publishes it. The first change is published at once, later ones at
// most every 100 ms. Objects are shared between snapshots: a publication copies pointers.
//
// Nothing is lost when the API server is: the last content stays, and sync says what is missing. The store also tells
// the collector which nodes, exporters and element meters there are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/durations.h"
#include "base/published.h"
#include "kube/api_client.h"
#include "kube/reflector.h"
#include "model/cluster_snapshot.h"
#include "telemetry/collector.h"

namespace headroom::cluster {

struct StoreOptions {
  // Where exporters are looked for; EndpointSlices elsewhere are never read.
  std::vector<std::string> discovery_namespaces;
  base::Seconds discovery_period{30};
  base::Milliseconds least_interval{100};
  bool performance_queries = false;  // the collector is told those of policies, too
  std::string system_namespace;      // of the ConfigMap; empty: base::names::kSystemNamespace
};

// Everything outlives the Store.
struct StoreEdges {
  kube::ApiClient& client;
  telemetry::Collector* collector = nullptr;  // null: without telemetry
  // After every publication, on the writer thread; must be quick.
  std::function<void()> on_publish{};
};

struct SourceView {
  std::string name;  // "nodes", "powertopologies.powercapping.example.com", "endpointslices"
  kube::ReflectorStatus status;
  std::size_t objects = 0;
};

class Store {
 public:
  Store(StoreOptions options, StoreEdges edges);
  ~Store();  // stops
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  void start();
  void stop();  // within milliseconds. Idempotent

  // Holds a snapshot from the constructor on (an empty one, with nothing synced).
  [[nodiscard]] const base::Published<model::ClusterSnapshot>& published() const;
  [[nodiscard]] std::shared_ptr<const model::ClusterSnapshot> snapshot() const { return published().load(); }

  // The collector has published: make a new snapshot. Any thread; this is what its OnPublish calls.
  void telemetry_published();
  // Where each source stands, for /readyz, metrics and debug. Any thread.
  [[nodiscard]] std::vector<SourceView> sources() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::cluster
