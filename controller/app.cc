#include "controller/app.h"

#include <unistd.h>

#include <array>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "base/names.h"
#include "cluster/store.h"
#include "controller/caps_loop.h"
#include "controller/health_pages.h"
#include "controller/kube_cap_edges.h"
#include "controller/kube_edges.h"
#include "controller/status_loop.h"
#include "kube/election.h"
#include "kube/events.h"
#include "runtime/http_server.h"
#include "runtime/lifecycle.h"
#include "runtime/listener_service.h"
#include "runtime/logging.h"
#include "runtime/metrics.h"
#include "telemetry/collector.h"
#include "telemetry/http_sources.h"

namespace headroom::controller {
namespace {

std::string host_name() {
  std::array<char, 256> buffer{};
  if (gethostname(buffer.data(), buffer.size() - 1) != 0) return "headroom-controller";
  return buffer.data();
}

// Unique per process, as two replicas may share a host name in tests.
std::string identity_of(const Config& config) {
  if (!config.identity.empty()) return config.identity;
  std::random_device random;
  return host_name() + "_" + std::to_string(random()) + std::to_string(random());
}

runtime::HttpServerOptions health_options(const config::ListenConfig& listen) {
  runtime::HttpServerOptions options;
  options.name = "health";
  options.address = listen.address;
  options.port = listen.port;
  options.threads = 8;
  options.tls = listen.tls;
  return options;
}

cluster::StoreOptions store_options(const Config& config) {
  cluster::StoreOptions options;
  if (config.telemetry.discovery.enabled) options.discovery_namespaces = config.telemetry.discovery.namespaces;
  options.system_namespace = config.system_namespace;
  options.performance_queries = true;
  return options;
}

// No call outlasts what is left of a term when it begins.
kube::ApiClientOptions cap_client_options(const Config& config) {
  kube::ApiClientOptions options;
  options.call_timeout = config.caps_timing.call_timeout;
  options.connection.connect_timeout = options.call_timeout;
  options.connection.read_timeout = options.call_timeout;
  options.idle_connections = 1;
  return options;
}

// Leads when the election says so; before it has started, not.
class StartedLeadership final : public Leadership, public Tenure {
 public:
  explicit StartedLeadership(const std::optional<kube::LeaderElection>& election) : election_(election) {}
  bool leads() const override { return election_ && election_->leads(); }
  std::optional<Term> term() const override {
    const auto term = election_ ? election_->term() : std::nullopt;
    return term ? std::optional(Term{term->transitions, term->ends_at}) : std::nullopt;
  }

 private:
  const std::optional<kube::LeaderElection>& election_;
};

}  // namespace

// In the order of use: what stands later may use what stands earlier, and is destroyed first.
class App::Parts {
 public:
  Parts(const Config& config, kube::ClientConfig api_server, base::Clock& clock)
      : config_(config),
        identity_(identity_of(config)),
        client_(std::move(api_server), {}, clock),
        sources_(config.telemetry, clock),
        collector_(config.telemetry, clock, sources_, [this] { store_.telemetry_published(); }),
        store_(store_options(config), {client_, &collector_}),
        recorder_(client_, {std::string(base::names::kApiGroup) + "/headroom-controller", host_name()}),
        statuses_(make_status_store(client_)),
        specs_(make_spec_store(client_, config.system_namespace)),
        leadership_(election_),
        events_(make_event_sink(recorder_)),
        loop_({clock, store_.published(), *statuses_, *specs_, leadership_, *events_,
               [this] { return caps_.reports().load(); }, [this] { caps_.books_kept(); }},
              std::make_shared<const scoring::Settings>(config.scoring), config.status_interval),
        cap_client_(client_.config(), cap_client_options(config), clock),
        cap_store_(make_cap_store(cap_client_)),
        heartbeat_(make_heartbeat(cap_client_, {config.system_namespace, config.heartbeat_name, identity_})),
        releases_(make_release_desk(cap_client_, recorder_)),
        caps_({clock, loop_.reports(), *cap_store_, *heartbeat_, leadership_, *releases_}, deciding(),
              {config.caps, config.caps_timing, config.agent_namespace}),
        server_(health_options(config.health)) {
    const HealthView view{loop_, caps_.reports(), store_, clock, config.max_books_age};
    add_metrics(metrics_, view);
    add_health_routes(server_, metrics_, view);
    add_services();
  }

  base::Result<std::uint16_t> start() {
    if (base::Status started = services_.start(); !started) return std::move(started).error();
    runtime::log_info("controller", "started", {{"health", port_}, {"identity", identity_}});
    return port_;
  }
  void stop() { services_.stop(); }

 private:
  void add_services() {
    services_.add(runtime::listener_service("health listener", server_, [this](std::uint16_t port) { port_ = port; }));
    services_.add(
        "cluster mirror", [this] { store_.start(); }, [this] { store_.stop(); });
    services_.add(
        "telemetry", [this] { collector_.start(); }, [this] { collector_.stop(); });
    services_.add(
        "leader election", [this] { election_.emplace(client_, election_options()); }, [this] { election_.reset(); });
    // Stops before the lease is given back: what it writes, it writes as leader.
    services_.add(
        "status loop", [this] { loop_.start(); }, [this] { loop_.stop(); });
    services_.add(
        "caps loop", [this] { caps_.start(); }, [this] { caps_.stop(); });
  }

  [[nodiscard]] kube::ElectionOptions election_options() const {
    kube::ElectionOptions options;
    options.ns = config_.system_namespace;
    options.name = config_.lease_name;
    options.identity = identity_;
    return options;
  }

  const Config config_;
  const std::string identity_;
  runtime::MetricsRegistry metrics_;
  kube::ApiClient client_;
  telemetry::HttpSources sources_;
  telemetry::Collector collector_;
  cluster::Store store_;
  kube::EventRecorder recorder_;
  std::unique_ptr<StatusStore> statuses_;
  std::unique_ptr<SpecStore> specs_;
  std::optional<kube::LeaderElection> election_;
  StartedLeadership leadership_;
  std::unique_ptr<EventSink> events_;
  StatusLoop loop_;
  kube::ApiClient cap_client_;
  std::unique_ptr<CapStore> cap_store_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::unique_ptr<ReleaseDesk> releases_;
  CapsLoop caps_;
  runtime::HttpServer server_;
  std::uint16_t port_ = 0;
  runtime::ServiceGroup services_;
};

App::App(const Config& config, kube::ClientConfig api_server, base::Clock& clock)
    : parts_(std::make_unique<Parts>(config, std::move(api_server), clock)) {}
App::~App() {
  stop();
}

base::Result<std::uint16_t> App::start() {
  return parts_->start();
}
void App::stop() {
  parts_->stop();
}

}  // namespace headroom::controller
