// One reconcile of the controller, without its writes to the API server: books, what is charged, who gets how much.
// 5,000 nodes with their NodePowerCaps, in racks whose limits need caps.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "policy/allocate.h"
#include "scoring/cap_input.h"
#include "scoring/keep_books.h"
#include "test/bench/big_cluster.h"

namespace headroom::bench {
namespace {

constexpr base::WallTime kStart{base::Seconds(1'800'000'000)};

// Agents that follow at once: every order is in force by the next round.
class Hall {
 public:
  explicit Hall(int nodes) {
    auto cluster = std::make_shared<model::ClusterSnapshot>(*big_cluster({nodes, 10}, kStart));
    auto topology = std::make_shared<model::TopologyObject>(*cluster->topologies.front());
    topology->capping = model::CappingMode::enforce;
    cluster->topologies = {std::move(topology)};
    cluster->sync.node_power_caps = true;
    input_ = books_input(std::move(cluster), kStart);
    step_ = scoring::keep_books(input_, {});
    facts_.settings.newly_capped_a_minute = nodes;
  }

  // A second later, with fresh readings. The clock of a benchmark stands still outside reconcile().
  void next_second() {
    input_.now += base::Seconds(1);
    facts_.now = {facts_.now.mono + base::Seconds(1), input_.now};
    input_.snapshot = next_snapshot(*input_.snapshot, {input_.now, 50});
  }
  std::size_t reconcile() {
    step_ = scoring::keep_books(input_, std::move(step_.memory));
    made_ = scoring::cap_input(*step_.books, *input_.snapshot, facts_);
    allocation_ = policy::allocate(made_.allocate, std::move(memory_));
    memory_ = std::move(allocation_.memory);
    return allocation_.writes.size();
  }
  void obey() {
    auto next = std::make_shared<model::ClusterSnapshot>(*input_.snapshot);
    auto& caps = next->node_power_caps;
    for (const policy::CapWrite& write : allocation_.writes) {
      const std::string& name = made_.allocate.nodes[write.node].name;
      auto made = std::make_shared<model::NodePowerCap>();
      made->name = name;
      made->uid = "uid-" + name;
      made->spec = write.spec;
      made->spec.stamp = {1, ++sequence_};
      made->status.state = model::CapState::active;
      made->status.applied = made->spec.budget;
      made->status.min = base::watts(150);
      made->status.max = base::watts(800);
      made->status.observed = model::ObservedCap{made->uid, made->spec.stamp};
      const auto at = std::lower_bound(caps.begin(), caps.end(), name,
                                       [](const auto& cap, const std::string& wanted) { return cap->name < wanted; });
      if (at != caps.end() && (*at)->name == name) {
        *at = std::move(made);
      } else {
        caps.insert(at, std::move(made));
      }
    }
    input_.snapshot = std::move(next);
  }

 private:
  scoring::BooksInput input_;
  scoring::BooksStep step_;
  scoring::CapFacts facts_;
  scoring::CapInput made_;
  policy::Allocation allocation_;
  policy::AllocateMemory memory_;
  std::int64_t sequence_ = 0;
};

// What a leader does each second once all is in force.
void reconcile_steady(benchmark::State& state) {
  Hall hall(static_cast<int>(state.range(0)));
  for (int second = 0; second < 30; ++second) {
    hall.next_second();
    hall.reconcile();
    hall.obey();
  }
  std::size_t writes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    hall.obey();
    hall.next_second();
    state.ResumeTiming();
    writes += hall.reconcile();
  }
  state.counters["writes"] = benchmark::Counter(static_cast<double>(writes), benchmark::Counter::kAvgIterations);
}
BENCHMARK(reconcile_steady)->Arg(1'000)->Arg(5'000)->Unit(benchmark::kMillisecond);

// The first round ever: every node below a limit gets its order.
void reconcile_first(benchmark::State& state) {
  std::size_t writes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto hall = std::make_unique<Hall>(static_cast<int>(state.range(0)));
    hall->next_second();
    state.ResumeTiming();
    writes += hall->reconcile();
    state.PauseTiming();
    hall.reset();
    state.ResumeTiming();
  }
  state.counters["writes"] = benchmark::Counter(static_cast<double>(writes), benchmark::Counter::kAvgIterations);
}
BENCHMARK(reconcile_first)->Arg(5'000)->Unit(benchmark::kMillisecond)->Iterations(20);

}  // namespace
}  // namespace headroom::bench
