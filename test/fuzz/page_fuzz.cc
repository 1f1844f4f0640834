// Any bytes as an exporter's page, read twice so that counters are differenced: no crash, and whatever comes out is
// what a machine can have. Run: page_fuzz -max_len=65536 <corpus> test/data/kepler test/data/node_exporter
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "telemetry/page_parser.h"
#include "telemetry/poll_decoder.h"
#include "telemetry/reading_store.h"

namespace {

using namespace headroom;

constexpr base::WallTime kNoon{base::Seconds(1'800'000'000)};

void check(bool holds) {
  if (!holds) std::abort();
}

void check_power(const model::PowerReading& reading, base::WallTime now) {
  check(reading.power >= base::Power{} && reading.power < base::watts(3'000'000));
  check(reading.window_end <= now && reading.window_start <= reading.window_end);
}

void check_snapshot(const model::TelemetrySnapshot& snapshot, base::WallTime now) {
  for (const auto& [name, node] : snapshot.nodes) {
    for (const auto& reading : node.power) {
      if (!reading) continue;
      check(reading->power > base::Power{});
      check_power(*reading, now);
    }
    for (const auto& reading : {node.inlet, node.package, node.gpu}) {
      if (reading) check(reading->temperature >= base::celsius(-40) && reading->temperature <= base::celsius(125));
    }
  }
  for (const auto& [name, reading] : snapshot.pods) check_power(reading, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const telemetry::NodeDirectory nodes({{"node-1", "vm", {"10.0.0.1"}}}, {{"bmc", "node-1"}}, {});
  telemetry::PollDecoder decoder;
  telemetry::ReadingStore store;
  // The halves are two scrapes, so that the fuzzer can move counters.
  const std::string_view halves[] = {text.substr(0, size / 2), text.substr(size / 2), text, text};
  base::WallTime now = kNoon;
  for (const std::string_view half : halves) {
    now += base::Seconds(5);
    const auto poll = telemetry::parse_page(half, now);
    if (!poll) continue;
    const auto decoded = decoder.decode(poll->samples, nodes, {"node-1", telemetry::Trust::own_node, {}});
    for (const auto& [node, readings] : decoded.nodes) store.add(1, node, readings);
    check_snapshot(store.merge(), now);
  }
  return 0;
}
