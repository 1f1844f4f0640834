// Any bytes as Prometheus' answer, and any text as a query of PowerTopology: no crash.
// Run: query_reply_fuzz -max_len=65536 <corpus>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "telemetry/promql.h"
#include "telemetry/query_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto rows = headroom::telemetry::parse_query_reply(text);
  if (!rows && rows.error().message.empty()) std::abort();
  // What is bare stays bare inside timestamp(): it closes every quote and brace it opens.
  if (headroom::telemetry::is_bare_selector(text) && headroom::telemetry::is_bare_selector("timestamp(" + text + ")")) {
    std::abort();
  }
  return 0;
}
