// What reading a captured request and writing its reply cost.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <string>

#include "extender/decide.h"
#include "extender/wire_reply.h"
#include "extender/wire_request.h"
#include "scoring/keep_books.h"
#include "test/bench/big_cluster.h"

namespace headroom::bench {
namespace {

// Unpacked by gzip: the captures are stored packed, and the project needs no zlib elsewhere.
std::string capture(const std::string& name) {
  const std::string command = "gzip -dc test/data/bench/" + name + ".json.gz";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 65'536> buffer{};
  for (std::size_t read = 0; pipe != nullptr && (read = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), read);
  }
  if (pipe != nullptr) pclose(pipe);
  text.reserve(text.size() + 256);
  return text;
}

void read_request(benchmark::State& state, const char* name) {
  const std::string body = capture(name);
  if (body.empty()) state.SkipWithError("test/data/bench is missing: run from the repository root");
  for (auto _ : state) benchmark::DoNotOptimize(extender::read_nodes_request(body));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK_CAPTURE(read_request, names_500, "filter-names-500")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(read_request, names_5000, "filter-names-5000")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(read_request, objects_500, "filter-objects-500")->Unit(benchmark::kMicrosecond);

// Everything filter does between the bytes of the request and those of the reply.
void filter_bytes(benchmark::State& state, const char* name) {
  constexpr base::WallTime kStart{base::Seconds(1'800'000'000)};
  const auto books = scoring::keep_books(books_input(big_cluster({5'000, 10}, kStart), kStart), {}).books;
  const scoring::LedgerView ledger;
  const std::string body = capture(name);
  if (body.empty()) state.SkipWithError("test/data/bench is missing: run from the repository root");
  for (auto _ : state) {
    const auto request = extender::read_nodes_request(body);
    const auto pod = extender::read_pod_of(request->pod_json);
    const auto decision = extender::decide_filter(*request, *pod, {*books, ledger});
    benchmark::DoNotOptimize(extender::write_filter_reply(*request, decision.answer));
  }
}
BENCHMARK_CAPTURE(filter_bytes, names_500, "filter-names-500")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(filter_bytes, names_5000, "filter-names-5000")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(filter_bytes, objects_500, "filter-objects-500")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace headroom::bench

BENCHMARK_MAIN();
