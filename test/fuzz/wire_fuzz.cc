// Any bytes as a body of any verb: no crash, and whatever is accepted is answered with the names that were sent.
// Run: wire_fuzz -max_len=65536 <corpus> test/data/scheduler
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "extender/wire_reply.h"
#include "extender/wire_request.h"

namespace {

using namespace headroom::extender;

void check(bool holds) {
  if (!holds) std::abort();
}

void try_nodes(const std::string& body) {
  const auto request = read_nodes_request(body);
  if (!request) {
    check(!write_filter_error(request.error().message).empty());
    return;
  }
  FilterAnswer answer;
  std::vector<ScoredNode> scores;
  for (std::uint32_t i = 0; i < request->names.size(); ++i) {
    if (i % 2 == 0) {
      answer.passed.push_back(i);
    } else {
      answer.refused.push_back({i, "reason"});
    }
    scores.push_back({i, static_cast<int>(i)});
  }
  check(!write_filter_reply(*request, answer).empty());
  check(!write_prioritize_reply(*request, scores).empty());
}

void try_preempt(const std::string& body) {
  const auto request = read_preempt_request(body);
  if (!request) return;
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < request->candidates.size(); ++i) all.push_back(i);
  std::string reply = write_preempt_reply(*request, all);
  reply.insert(1, R"("Pod":{},)");
  const auto again = read_preempt_request(reply);
  check(again.ok() && again->candidates.size() == request->candidates.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string body;
  body.reserve(size + 64);
  body.append(reinterpret_cast<const char*>(data), size);
  try_nodes(body);
  try_preempt(body);
  (void)read_bind_request(body);
  return 0;
}
