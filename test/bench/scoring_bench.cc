// What one decision costs without HTTP: books, verdicts, scores.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "scoring/judge.h"
#include "scoring/keep_books.h"
#include "scoring/ledger.h"
#include "test/bench/big_cluster.h"

namespace headroom::bench {
namespace {

constexpr base::WallTime kStart{base::Seconds(1'800'000'000)};

std::shared_ptr<const scoring::Books> books_of(int nodes) {
  return scoring::keep_books(books_input(big_cluster({nodes, 10}, kStart), kStart), {}).books;
}

scoring::LedgerView reservations(int count, int nodes) {
  scoring::LedgerView view;
  for (int i = 0; i < count; ++i) {
    auto entry = std::make_shared<scoring::Reservation>();
    char text[64];
    std::snprintf(text, sizeof text, "reserved-%06d", i);
    entry->pod_uid = text;
    std::snprintf(text, sizeof text, "node-%05d", i * 7 % nodes);
    entry->node = text;
    entry->estimate = base::watts(20);
    view.entries.push_back(std::move(entry));
  }
  return view;
}

// Names in the order in which kube-scheduler sends them: any.
std::vector<std::string> shuffled_names(const scoring::Books& books) {
  std::vector<std::string> names;
  for (const auto& row : books.table->nodes) names.push_back(row.node->name);
  std::shuffle(names.begin(), names.end(), std::mt19937(1));
  return names;
}

// Arguments: nodes, reservations in flight.
void judge_names(benchmark::State& state) {
  const int nodes = static_cast<int>(state.range(0));
  const auto books = books_of(nodes);
  const scoring::LedgerView ledger = reservations(static_cast<int>(state.range(1)), nodes);
  const model::Pod pod = waiting_pod();
  const std::vector<std::string> names = shuffled_names(*books);
  for (auto _ : state) {
    scoring::Judge judge(*books, ledger, pod);
    int passed = 0;
    for (const std::string& name : names) passed += scoring::admits(judge.judge(name)) ? 1 : 0;
    benchmark::DoNotOptimize(passed);
  }
}
BENCHMARK(judge_names)->ArgsProduct({{100, 500, 5'000}, {0, 200}})->Unit(benchmark::kMicrosecond);

void score_names(benchmark::State& state) {
  const int nodes = static_cast<int>(state.range(0));
  const auto books = books_of(nodes);
  const scoring::LedgerView ledger;
  const model::Pod pod = waiting_pod();
  const std::vector<std::string> names = shuffled_names(*books);
  for (auto _ : state) {
    scoring::Judge judge(*books, ledger, pod);
    int sum = 0;
    for (const std::string& name : names) sum += judge.score(name);
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(score_names)->Arg(100)->Arg(500)->Arg(5'000)->Unit(benchmark::kMicrosecond);

// Arguments: nodes (ten pods each), pods that changed since the step before. The snapshot is made outside the clock.
void keep_books_step(benchmark::State& state) {
  auto input = books_input(big_cluster({static_cast<int>(state.range(0)), 10}, kStart), kStart);
  scoring::BooksStep step = scoring::keep_books(input, {});
  for (auto _ : state) {
    state.PauseTiming();
    input.now += base::Seconds(1);
    input.snapshot = next_snapshot(*input.snapshot, {input.now, static_cast<int>(state.range(1))});
    state.ResumeTiming();
    step = scoring::keep_books(input, std::move(step.memory));
  }
}
BENCHMARK(keep_books_step)
    ->Args({100, 10})
    ->Args({500, 50})
    ->Args({5'000, 0})
    ->Args({5'000, 500})
    ->Unit(benchmark::kMillisecond);

// The first books of a process: every pod is estimated.
void keep_books_cold(benchmark::State& state) {
  const auto input = books_input(big_cluster({static_cast<int>(state.range(0)), 10}, kStart), kStart);
  for (auto _ : state) benchmark::DoNotOptimize(scoring::keep_books(input, {}).books);
}
BENCHMARK(keep_books_cold)->Arg(5'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace headroom::bench
