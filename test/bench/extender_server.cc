// The extender as its program assembles it (listeners, decision loop, ledger, verbs), over a cluster that is made up
// here instead of watched: for measuring requests from outside, at any cluster size, without a control plane.
//
//   extender_server NODES TABLE     writes TABLE (what a threshold rule needs of the same cluster), prints the port of
//                                   the verbs, and serves until its standard input ends
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

#include "base/published.h"
#include "extender/app.h"
#include "runtime/http_client.h"
#include "runtime/metrics.h"
#include "runtime/system_clock.h"
#include "scoring/keep_books.h"
#include "test/bench/big_cluster.h"

namespace headroom::bench {
namespace {

class NoBinder final : public extender::PodBinder {
 public:
  kube::BindReply bind(const kube::BindRequest&) override { return {}; }
  base::Result<model::Pod> get_pod(const std::string&, const std::string& name) override {
    return base::not_found(name);
  }
};

class NoConditions final : public extender::PodConditionWriter {
 public:
  base::Status write(const kube::PodRef&, const kube::PodCondition&) override { return base::ok_status(); }
};

class NoLease final : public extender::SchedulerLease {
 public:
  base::Result<std::optional<std::string>> holder() override { return std::optional<std::string>(); }
};

void write_table(const std::string& path, const model::ClusterSnapshot& snapshot, const scoring::Books& books) {
  std::ofstream table(path);
  table << "percore " << kWattsPerCore << "\nminimum " << base::to_watts(books.settings->min_pod) << '\n';
  for (const auto& rack : books.table->racks) {
    const auto& element = books.topology->elements[rack.lookup.element];
    table << "rack " << rack.name << ' ' << base::to_watts(element.limit) << ' '
          << base::to_watts(books.views[0].elements[rack.lookup.element].booked) << '\n';
  }
  for (const auto& node : snapshot.nodes) {
    table << "node " << node->name << ' '
          << books.table->racks[books.table->nodes[books.table->find(node->name)].rack].name << '\n';
  }
}

// Until the first books are published every verb answers NotSynced.
bool await_ready(base::Clock& clock, std::uint16_t port) {
  runtime::HttpClientOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  runtime::HttpClient client(options);
  runtime::HttpRequest request;
  request.path = "/readyz";
  for (int tries = 0; tries < 600; ++tries) {
    const auto reply = client.send(request);
    if (reply && reply->status == 200) return true;
    (void)clock.wait_until(clock.mono_now() + base::Milliseconds(100), {});
  }
  return false;
}

int serve(int nodes, const std::string& table) {
  runtime::SystemClock clock;
  auto snapshot = big_cluster({nodes, 10}, clock.wall_now());
  write_table(table, *snapshot, *scoring::keep_books(books_input(snapshot, clock.wall_now()), {}).books);

  extender::Config config;
  config.verbs.port = config.bind_verb.port = config.health.port = 0;
  config.health.address = "127.0.0.1";
  base::Published<model::ClusterSnapshot> snapshots(snapshot);
  NoBinder binder;
  NoConditions conditions;
  NoLease lease;
  runtime::MetricsRegistry metrics;
  extender::App app(config, {clock, snapshots, binder, conditions, lease, metrics, "bench"});
  const auto ports = app.start();
  if (!ports) {
    std::cerr << ports.error().message << '\n';
    return 1;
  }
  if (!await_ready(clock, ports->health)) {
    std::cerr << "not ready after 60 s\n";
    return 1;
  }
  std::cout << ports->verbs << std::endl;

  // Readings go on arriving, as they do in a cluster, so that the books are kept while requests are answered.
  std::jthread publisher([&](std::stop_token stop) {
    while (clock.wait_until(clock.mono_now() + base::Seconds(3), stop) == base::WaitResult::deadline_reached) {
      snapshot = next_snapshot(*snapshot, {clock.wall_now(), nodes / 10});
      snapshots.publish(snapshot);
      app.snapshot_published();
    }
  });
  while (std::cin.get() != EOF) {
  }
  publisher.request_stop();
  publisher.join();
  app.stop();
  return 0;
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  if (argc != 3 || std::atoi(argv[1]) < 1) {
    std::cerr << "usage: extender_server NODES TABLE\n";
    return 2;
  }
  return headroom::bench::serve(std::atoi(argv[1]), argv[2]);
}
