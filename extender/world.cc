#include "extender/world.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "extender/kube_edges.h"

namespace headroom::extender {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

kube::ApiClientOptions client_options(base::Milliseconds call_timeout) {
  kube::ApiClientOptions options;
  options.connection.user_agent = "headroom-extender";
  options.call_timeout = call_timeout;
  return options;
}

// A call's own timeouts must not outlast it.
kube::ApiClientOptions bind_options(const BindConfig& bind) {
  kube::ApiClientOptions options = client_options(bind.timeout);
  options.connection.connect_timeout = std::min(options.connection.connect_timeout, bind.timeout);
  options.connection.read_timeout = bind.timeout;
  options.connection.total_timeout = bind.timeout;
  options.idle_connections = 32;
  return options;
}

cluster::StoreOptions store_options(const Config& config) {
  cluster::StoreOptions options;
  if (config.telemetry.discovery.enabled) options.discovery_namespaces = config.telemetry.discovery.namespaces;
  options.system_namespace = config.system_namespace;
  return options;
}

std::vector<ApiSource> api_sources(const cluster::Store& store) {
  std::vector<ApiSource> sources;
  for (const cluster::SourceView& view : store.sources()) {
    sources.push_back({view.name, view.status.state == kube::ReflectorState::synced, view.status.error, view.objects});
  }
  return sources;
}

}  // namespace

World::World(const Config& config, const kube::ClientConfig& api, base::Clock& clock)
    : clock_(clock),
      identity_(config.requeue.identity.empty() ? host_name() : config.requeue.identity),
      client_(api, client_options(base::Seconds(15)), clock),
      bind_client_(api, bind_options(config.bind), clock),
      sources_(config.telemetry, clock),
      collector_(config.telemetry, clock, sources_, [this] { store_.telemetry_published(); }),
      store_(store_options(config), {client_, &collector_, [this] { on_snapshot_(); }}),
      binder_(make_pod_binder(bind_client_)),
      conditions_(make_condition_writer(client_)),
      lease_(make_scheduler_lease(client_, config.requeue.lease_namespace, config.requeue.lease_name)) {}

World::~World() {
  stop();
}

Edges World::edges(runtime::MetricsRegistry& metrics) {
  return {clock_,    store_.published(),
          *binder_,  *conditions_,
          *lease_,   metrics,
          identity_, [this] { return api_sources(store_); }};
}

void World::start(std::function<void()> on_snapshot) {
  on_snapshot_ = std::move(on_snapshot);
  store_.start();
  collector_.start();
}

void World::stop() {
  collector_.stop();
  store_.stop();
}

void World::cancel_calls() {
  client_.cancel();
}

}  // namespace headroom::extender
