// From the samples of one poll to readings per node: join, split, decode. Remembers the counters of its source. One
// per source, used by one thread at a time. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/counter_memory.h"
#include "telemetry/node_directory.h"
#include "telemetry/readings.h"
#include "telemetry/sample.h"

namespace headroom::telemetry {

struct DecodedPoll {
  std::vector<std::pair<std::string, Readings>> nodes;
  std::uint64_t unmatched = 0;
  std::vector<std::string> unmatched_examples;  // at most 8, of different series names where possible
  std::uint64_t rejected = 0;
  std::string rejected_example;
};

class PollDecoder {
 public:
  [[nodiscard]] DecodedPoll decode(const std::vector<Sample>& samples, const NodeDirectory& directory,
                                   const JoinContext& context);

 private:
  std::map<std::string, CounterMemory, std::less<>> counters_;  // by node
};

}  // namespace headroom::telemetry
