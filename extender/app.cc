#include "extender/app.h"

#include <atomic>
#include <utility>

#include "extender/bind_service.h"
#include "extender/debug_pages.h"
#include "extender/decision_loop.h"
#include "extender/ledger_guard.h"
#include "extender/metrics.h"
#include "extender/requeue_loop.h"
#include "extender/verbs.h"
#include "runtime/http_server.h"
#include "runtime/lifecycle.h"
#include "runtime/listener_service.h"
#include "runtime/logging.h"

namespace headroom::extender {
namespace {

runtime::HttpServerOptions server_options(std::string name, const ListenConfig& listen, int threads) {
  runtime::HttpServerOptions options;
  options.name = std::move(name);
  options.address = listen.address;
  options.port = listen.port;
  options.threads = threads;
  options.tls = listen.tls;
  return options;
}

constexpr int kHealthThreads = 8;
// Discovery answers within a moment of the first list; exporters that come later are as late as any new one.
constexpr base::Milliseconds kDiscoveryWarmup{3'000};

DecisionTiming timing_of(const Config& config) {
  DecisionTiming timing;
  timing.interval = config.decision_interval;
  timing.warmup.most = config.telemetry_warmup;
  if (config.telemetry.discovery.enabled)
    timing.warmup.for_discovery = std::min(kDiscoveryWarmup, config.telemetry_warmup);
  return timing;
}

}  // namespace

// In the order of use: what stands later may use what stands earlier, and is destroyed first.
class App::Parts {
 public:
  Parts(const Config& config, const Edges& edges)
      : metrics_(edges.metrics),
        binds_({edges.binder, ledger_, decisions_, edges.clock}, config.bind, config.max_books_age),
        requeue_({decisions_, ledger_, edges.conditions, edges.lease, edges.clock}, config, edges.identity,
                 [this](PatchResult result) { metrics_.count(result); }),
        loop_({edges.snapshots, decisions_, ledger_, edges.clock},
              std::make_shared<const scoring::Settings>(config.scoring), timing_of(config),
              [this] { requeue_.notify(); }),
        verbs_({decisions_, ledger_, binds_, metrics_, edges.clock, config.max_books_age}),
        pages_({edges.snapshots, decisions_, ledger_, requeue_, edges.clock, config.max_books_age, edges.api_sources,
                draining_}),
        health_server_(server_options("health", config.health, kHealthThreads)),
        bind_server_(server_options("bind", config.bind_verb, config.listener_threads)),
        verbs_server_(server_options("verbs", config.verbs, config.listener_threads)) {
    edges.metrics.add_collector(make_collector({decisions_, ledger_, requeue_, edges.clock}));
    pages_.add_health_routes(health_server_);
    runtime::MetricsRegistry& registry = edges.metrics;
    health_server_.route("GET", "/metrics",
                         [&registry](const runtime::HttpRequest&) { return registry.scrape_response(); });
    for (runtime::HttpServer* server : {&verbs_server_, &bind_server_}) {
      verbs_.add_routes(*server);
      pages_.add_debug_routes(*server);
    }
    add_services();
  }

  base::Result<Ports> start() {
    if (base::Status started = services_.start(); !started) return std::move(started).error();
    runtime::log_info("extender", "listening",
                      {{"verbs", ports_.verbs}, {"bind", ports_.bind}, {"health", ports_.health}});
    return ports_;
  }
  void stop() {
    draining_ = true;
    services_.stop();
  }
  void snapshot_published() { loop_.notify(); }

 private:
  void add_services() {
    add_server("health listener", health_server_, ports_.health);
    services_.add(
        "decision loop", [this] { loop_.start(); }, [this] { loop_.stop(); });
    services_.add(
        "bind repeats", [this] { binds_.start([this](BindResult result) { metrics_.count(result); }); },
        [this] { binds_.stop(); });
    services_.add(
        "requeue", [this] { requeue_.start(); }, [this] { requeue_.stop(); });
    add_server("bind listener", bind_server_, ports_.bind);
    add_server("verbs listener", verbs_server_, ports_.verbs);
  }

  void add_server(const char* name, runtime::HttpServer& server, std::uint16_t& port) {
    services_.add(runtime::listener_service(name, server, [&port](std::uint16_t bound) { port = bound; }));
  }

  std::atomic<bool> draining_ = false;
  Metrics metrics_;
  LedgerGuard ledger_;
  PublishedDecision decisions_;
  BindService binds_;
  RequeueLoop requeue_;
  DecisionLoop loop_;
  Verbs verbs_;
  DebugPages pages_;
  runtime::HttpServer health_server_;
  runtime::HttpServer bind_server_;
  runtime::HttpServer verbs_server_;
  Ports ports_;
  runtime::ServiceGroup services_;
};

App::App(const Config& config, const Edges& edges) : parts_(std::make_unique<Parts>(config, edges)) {}
App::~App() {
  stop();
}

base::Result<Ports> App::start() {
  return parts_->start();
}
void App::stop() {
  parts_->stop();
}
void App::snapshot_published() {
  parts_->snapshot_published();
}

}  // namespace headroom::extender
