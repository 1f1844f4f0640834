// The caps loop whole, as the controller runs it: books, input, division, and the orders written as server-side
// requests through the API client, one after the other, to the demo's API server in this process (encoding, HTTP over
// loopback, decoding of what was stored). No TLS and no etcd: a real API server takes longer for each write.
//
//   caps_loop_bench [NODES]     from no order at all until each node has one, then a minute with readings that move
//
// Each round is one second of the loop's clock, so that the limit of 100 writes a second holds. Agents follow at once.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/manual_clock.h"
#include "controller/caps_loop.h"
#include "controller/kube_cap_edges.h"
#include "demo/api_server.h"
#include "kube/config.h"
#include "runtime/system_clock.h"
#include "scoring/keep_books.h"
#include "test/bench/big_cluster.h"

namespace headroom::bench {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;
using Stopwatch = std::chrono::steady_clock;

constexpr std::string_view kSystem = "headroom-system";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void must(const base::Status& status, const char* what) {
  if (status) return;
  std::cerr << what << ": " << status.error().message << '\n';
  std::exit(1);
}

// What the store is asked for takes this long.
class TimedStore final : public controller::CapStore {
 public:
  explicit TimedStore(controller::CapStore& store) : store_(store) {}
  base::Result<controller::CapList> list() override { return store_.list(); }
  base::Result<model::NodePowerCap> get(const std::string& name) override { return store_.get(name); }
  base::Result<model::NodePowerCap> write(const controller::CapOrder& order) override {
    const auto began = Stopwatch::now();
    auto written = store_.write(order);
    took += Stopwatch::now() - began;
    return written;
  }
  Milliseconds took{0};

 private:
  controller::CapStore& store_;
};

class Leads final : public controller::Tenure {
 public:
  std::optional<controller::Term> term() const override { return controller::Term{1, base::MonoTime::max()}; }
};

class NoReleases final : public controller::ReleaseDesk {
 public:
  base::Status answer(const model::NodePowerCap&, const controller::ReleaseAnswer&) override {
    return base::ok_status();
  }
};

struct RoundCost {
  Milliseconds books, deciding, writing;
  std::uint64_t writes = 0;
  [[nodiscard]] Milliseconds whole() const { return books + deciding + writing; }
};

class Hall {
 public:
  explicit Hall(int nodes) : client_(start(server_), {}, system_), edge_(controller::make_cap_store(client_)) {
    auto cluster = std::make_shared<model::ClusterSnapshot>(*big_cluster({nodes, 10}, clock_.wall_now()));
    auto topology = std::make_shared<model::TopologyObject>(*cluster->topologies.front());
    topology->capping = model::CappingMode::enforce;
    cluster->topologies = {std::move(topology)};
    cluster->sync.node_power_caps = true;
    input_ = books_input(std::move(cluster), clock_.wall_now());
    controller::CapsOptions options;
    options.settings.newly_capped_a_minute = nodes;  // the writes alone are to be the limit
    loop_.emplace(controller::CapsLoopEdges{clock_, books_, store_, *heartbeat_, leads_, releases_},
                  controller::deciding(), std::move(options));
  }

  RoundCost round() {
    clock_.advance(base::Seconds(1));
    input_.now = clock_.wall_now();
    input_.snapshot = next_snapshot(*input_.snapshot, {input_.now, 50});
    mirror();
    const std::uint64_t before = writes();
    store_.took = Milliseconds(0);
    RoundCost cost;
    const auto began = Stopwatch::now();
    step_ = scoring::keep_books(input_, std::move(step_.memory));
    books_.publish(std::make_shared<const controller::LoopReport>(
        controller::LoopReport{true, step_.books, input_.snapshot, clock_.mono_now()}));
    const auto kept = Stopwatch::now();
    loop_->step();
    const auto ended = Stopwatch::now();
    const auto report = loop_->reports().load();
    if (!report->problem.empty()) must(base::unavailable(report->problem), "round");
    cost.books = kept - began;
    cost.writing = store_.took;
    cost.deciding = Milliseconds(ended - kept) - cost.writing;
    cost.writes = writes() - before;
    return cost;
  }

 private:
  static kube::ClientConfig start(demo::ApiServer& server) {
    must(server.start(), "API server");
    const auto call = [&](const demo::ApiServer::Call& made) {
      const auto reply = server.call(made);
      if (reply.status >= 300) must(base::unavailable(reply.body), "API server");
    };
    call({"POST", "/api/v1/namespaces", R"({"metadata":{"name":")" + std::string(kSystem) + R"("}})"});
    call({"PATCH",
          "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepowercaps.powercapping.example.com",
          text_of("deploy/crds/nodepowercaps.yaml"),
          "application/apply-patch+yaml",
          {{"fieldManager", "bench"}, {"force", "true"}}});
    return *kube::config_from_url(server.url());
  }

  [[nodiscard]] std::uint64_t writes() const { return loop_->reports().load()->writes; }

  // What the watch would show: all objects as stored, each in force.
  void mirror() {
    auto listed = edge_->list();
    if (!listed) must(listed.error(), "list");
    auto next = std::make_shared<model::ClusterSnapshot>(*input_.snapshot);
    next->node_power_caps.clear();
    for (model::NodePowerCap& cap : listed->caps) {
      cap.status.state = model::CapState::active;
      cap.status.applied = cap.spec.budget;
      cap.status.min = base::watts(150);
      cap.status.max = base::watts(800);
      cap.status.observed = model::ObservedCap{cap.uid, cap.spec.stamp};
      next->node_power_caps.push_back(std::make_shared<const model::NodePowerCap>(std::move(cap)));
    }
    std::sort(next->node_power_caps.begin(), next->node_power_caps.end(),
              [](const auto& a, const auto& b) { return a->name < b->name; });
    input_.snapshot = std::move(next);
  }

  base::ManualClock clock_;
  runtime::SystemClock system_;
  demo::ApiServer server_{{}};
  kube::ApiClient client_;
  std::unique_ptr<controller::CapStore> edge_;
  TimedStore store_{*edge_};
  std::unique_ptr<controller::Heartbeat> heartbeat_ =
      controller::make_heartbeat(client_, {std::string(kSystem), "headroom-heartbeat", "bench"});
  Leads leads_;
  NoReleases releases_;
  scoring::BooksInput input_;
  scoring::BooksStep step_;
  base::Published<controller::LoopReport> books_;
  std::optional<controller::CapsLoop> loop_;
};

template <class Part>
void print_part(const char* name, std::vector<RoundCost> rounds, Part part) {
  std::sort(rounds.begin(), rounds.end(), [&](const auto& a, const auto& b) { return part(a) < part(b); });
  std::printf(" %s %.1f / %.1f |", name, part(rounds[rounds.size() / 2]), part(rounds.back()));
}

void print(const char* name, const std::vector<RoundCost>& rounds) {
  std::printf("| %s, %zu rounds |", name, rounds.size());
  print_part("writes", rounds, [](const RoundCost& cost) { return static_cast<double>(cost.writes); });
  print_part("books", rounds, [](const RoundCost& cost) { return cost.books.count(); });
  print_part("deciding", rounds, [](const RoundCost& cost) { return cost.deciding.count(); });
  print_part("writing", rounds, [](const RoundCost& cost) { return cost.writing.count(); });
  print_part("whole", rounds, [](const RoundCost& cost) { return cost.whole().count(); });
  std::printf("\n");
}

int run(int nodes) {
  constexpr int kSteadyRounds = 60;
  Hall hall(nodes);
  std::vector<RoundCost> first;
  do first.push_back(hall.round());
  while (first.back().writes >= 100 && first.size() < 200);
  std::vector<RoundCost> steady;
  for (int second = 0; second < kSteadyRounds; ++second) steady.push_back(hall.round());
  std::printf("%d nodes; ms, median / worst\n", nodes);
  print("orders for all", first);
  print("all in force", steady);
  return 0;
}

}  // namespace
}  // namespace headroom::bench

int main(int argc, char** argv) {
  return headroom::bench::run(argc > 1 ? std::atoi(argv[1]) : 5'000);
}
