// One round of the controller's allocation at size: every node capped under the elements above it. Goal: 5,000 nodes in
// 200 ms.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/allocate.h"
#include "scoring/cap_input.h"
#include "scoring/keep_books.h"
#include "test/bench/big_cluster.h"

namespace headroom::bench {
namespace {

constexpr base::WallTime kStart{base::Seconds(1'800'000'000)};

// In force on every node; `percent` of its class maximum.
std::shared_ptr<const model::NodePowerCap> in_force(const policy::CapNode& node, std::int64_t percent) {
  model::NodePowerCap cap;
  cap.name = node.name;
  cap.uid = "uid-" + node.name;
  cap.spec.stamp = {1, 1};
  cap.spec.budget = base::scaled_down(node.class_max, base::percent(percent));
  cap.spec.reserve = node.reserve;
  cap.status.state = model::CapState::active;
  cap.status.boot_id = node.boot_id;
  cap.status.applied = cap.spec.budget;
  cap.status.min = node.idle;
  cap.status.max = node.class_max;
  cap.status.observed = model::ObservedCap{cap.uid, cap.spec.stamp};
  return std::make_shared<const model::NodePowerCap>(std::move(cap));
}

struct Site {
  std::shared_ptr<const model::ClusterSnapshot> snapshot;
  std::shared_ptr<const scoring::Books> books;
  scoring::CapFacts facts;
};

std::shared_ptr<const scoring::Books> books_of(const std::shared_ptr<const model::ClusterSnapshot>& snapshot) {
  return scoring::keep_books(books_input(snapshot, kStart), {}).books;
}

Site site_of(int nodes, std::int64_t percent) {
  auto snapshot = std::make_shared<model::ClusterSnapshot>(*big_cluster({nodes, 10}, kStart));
  for (auto& topology : snapshot->topologies) {
    model::TopologyObject object = *topology;
    object.capping = model::CappingMode::enforce;
    topology = std::make_shared<const model::TopologyObject>(std::move(object));
  }
  Site site;
  site.facts.now = {base::MonoTime(base::Seconds(100)), kStart};
  const auto books = books_of(snapshot);
  for (const auto& node : scoring::cap_input(*books, *snapshot, site.facts).allocate.nodes) {
    snapshot->node_power_caps.push_back(in_force(node, percent));
  }
  site.snapshot = std::move(snapshot);
  site.books = books_of(site.snapshot);
  return site;
}

// Arguments: nodes, budgets in percent of the class maximum.
void allocate_caps(benchmark::State& state) {
  const Site site = site_of(static_cast<int>(state.range(0)), state.range(1));
  policy::AllocateMemory memory;
  std::size_t writes = 0;
  for (auto _ : state) {
    const scoring::CapInput input = scoring::cap_input(*site.books, *site.snapshot, site.facts);
    policy::Allocation allocation = policy::allocate(input.allocate, std::move(memory));
    memory = std::move(allocation.memory);
    writes = allocation.writes.size();
    benchmark::DoNotOptimize(allocation);
  }
  state.counters["writes"] = static_cast<double>(writes);
}
BENCHMARK(allocate_caps)->Args({500, 100})->Args({5000, 100})->Args({5000, 60})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace headroom::bench
