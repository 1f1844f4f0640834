#include "telemetry/poll_decoder.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "telemetry/dialects.h"

namespace headroom::telemetry {
namespace {

constexpr std::size_t kExamples = 8;
constexpr base::Seconds kForgetCountersAfter{600};

using RowsByNode = std::map<std::string_view, std::vector<SampleRow>>;

}  // namespace

DecodedPoll PollDecoder::decode(const std::vector<Sample>& samples, const NodeDirectory& directory,
                                const JoinContext& context) {
  DecodedPoll poll;
  RowsByNode rows;
  std::set<std::string_view> shown;
  base::WallTime newest;
  for (const Sample& sample : samples) {
    newest = std::max(newest, sample.time);
    if (const auto node = directory.node_of(sample, context)) {
      rows[*node].push_back(&sample);
      continue;
    }
    ++poll.unmatched;
    if (poll.unmatched_examples.size() < kExamples && shown.insert(sample.name).second) {
      poll.unmatched_examples.push_back(to_string(sample));
    }
  }
  for (const auto& [node, own] : rows) {
    CounterMemory& counters = counters_[std::string(node)];
    Readings readings = read_all(SampleTable(own), counters);
    counters.forget_before(newest - kForgetCountersAfter);
    poll.rejected += readings.rejected.size();
    if (!readings.rejected.empty()) poll.rejected_example = std::string(node) + ": " + readings.rejected.front();
    poll.nodes.emplace_back(node, std::move(readings));
  }
  return poll;
}

}  // namespace headroom::telemetry
