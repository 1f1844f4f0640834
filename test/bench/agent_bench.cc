// The node agent's loop: what a turn costs with 64 zones and 16 GPUs, in memory (the deciding alone) and with the zones
// on a FUSE tree (plus every file access), and how long an emergency brake and a lowered budget take to the last write.
//
// One iteration is one tick; "worst_ms" is the longest of them. A tick lists all domains every thirtieth time and reads
// all controls back every fifth, as at run time. Those of brakes and lowered budgets include every write and read-back.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "rapl-agent/powercap/rapl_backend.h"
#include "rapl-agent/sysfs/deadlined.h"
#include "runtime/system_clock.h"
#include "test/rigs/raplfs_fixture.h"
#include "test/unit/rapl-agent/core/agent_world.h"

namespace headroom::bench {
namespace {

namespace agent = rapl_agent;
using agent::core::CapOrder;
using agent::core::test::AgentWorld;
using base::Seconds;
using base::watts;

constexpr std::int64_t kGpus = 16;

// Node with `packages` zones in memory and 16 GPUs; the zones of a FUSE tree instead where one is given.
class Node {
 public:
  explicit Node(test::Raplfs* tree) {
    const int packages = tree == nullptr ? 64 : 0;
    for (int package = 0; package < packages; ++package) world_.hardware.add_package(package);
    for (std::int64_t gpu = 0; gpu < kGpus; ++gpu) {
      char uuid[48];
      std::snprintf(uuid, sizeof uuid, "GPU-00000000-0000-4000-8000-%012d", static_cast<int>(gpu));
      world_.hardware.add_gpu(uuid);
    }
    std::sort(world_.hardware.domains.begin(), world_.hardware.domains.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    world_.settings.measure_reserve = false;
    auto parts = world_.parts();
    if (tree != nullptr) {
      auto rapl = std::make_shared<agent::powercap::RaplBackend>(rapl_options(*tree));
      zones_ = std::make_unique<agent::sysfs::Deadlined>(agent::sysfs::Wrapped{rapl, rapl}, base::Milliseconds(1'000),
                                                         system_);
      parts.sources.push_back({"powercap", zones_.get(), zones_.get(), zones_.get()});
    }
    world_.agent =
        std::make_unique<agent::core::Agent>(world_.settings, std::move(parts), world_.recovered, world_.now);
    order(kHigh);
    for (int second = 0; second < 40; ++second) tick();
  }

  // Wall milliseconds of one turn, a second of the agent's time after the one before.
  double tick() {
    world_.now += Seconds(1);
    if (world_.now.time_since_epoch() % Seconds(5) == Seconds(0)) world_.beat();
    const auto begin = std::chrono::steady_clock::now();
    world_.tick();
    const double took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    worst_ = std::max(worst_, took);
    return took;
  }
  void order(base::Power budget, bool brake = false) {
    CapOrder next = agent::core::test::order_of(++sequence_, budget);
    if (brake) next.spec.brake_until = *world_.inbox.view.heartbeat + Seconds(10);
    world_.give(next);
  }
  void run(int seconds) {
    for (int second = 0; second < seconds; ++second) tick();
  }
  void forget_worst() { worst_ = 0; }
  [[nodiscard]] double worst() const { return worst_; }
  [[nodiscard]] const agent::core::AgentReport& report() const { return world_.outbox.report; }

  static constexpr base::Power kHigh = watts(16'000);
  static constexpr base::Power kLow = watts(11'000);

 private:
  static agent::powercap::RaplOptions rapl_options(const test::Raplfs& tree) {
    agent::powercap::RaplOptions options;
    options.powercap_root = tree.powercap("node");
    options.sysfs_root = tree.sys("node");
    options.dram = agent::powercap::DramLimits::cap;
    options.write_to = agent::sysfs::WriteTo::any_for_tests;
    return options;
  }

  AgentWorld world_;
  runtime::SystemClock system_;
  std::unique_ptr<agent::sysfs::Deadlined> zones_;
  std::int64_t sequence_ = 0;
  double worst_ = 0;
};

// What is measured: ticks in which nothing changes; the tick that takes a budget that takes from every domain; the tick
// that takes a brake. Before each of the latter the node gets its watts back, off the clock.
enum class What { steady, lower, brake };

void measure(benchmark::State& state, Node& node, What what) {
  node.forget_worst();
  double worst = 0;
  for (auto _ : state) {
    if (what != What::steady) {
      node.order(Node::kHigh);
      node.run(what == What::brake ? 60 : 40);
      node.order(Node::kLow, what == What::brake);
    }
    const double took = node.tick();
    worst = std::max(worst, took);
    state.SetIterationTime(took / 1e3);
    if (what == What::brake && node.report().state != agent::core::AgentState::emergency) {
      state.SkipWithError("no brake");
      return;
    }
  }
  state.counters["worst_ms"] = worst;
  state.counters["domains"] = static_cast<double>(node.report().domains.size());
}

void in_memory(benchmark::State& state, What what) {
  Node node(nullptr);
  measure(state, node, what);
}

void on_fuse(benchmark::State& state, What what) {
  test::Raplfs tree;
  tree.command("node node zones-64");
  Node node(&tree);
  measure(state, node, what);
}

BENCHMARK_CAPTURE(in_memory, steady, What::steady)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(in_memory, lower, What::lower)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(200);
BENCHMARK_CAPTURE(in_memory, brake, What::brake)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(200);
BENCHMARK_CAPTURE(on_fuse, steady, What::steady)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(300);
BENCHMARK_CAPTURE(on_fuse, lower, What::lower)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(20);
BENCHMARK_CAPTURE(on_fuse, brake, What::brake)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(20);

}  // namespace
}  // namespace headroom::bench

BENCHMARK_MAIN();
