// Asks all queries of PowerTopology, or all of performance, of the first Prometheus that answers. One poll at a time;
// cancel() from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/meter_reader.h"
#include "telemetry/sample_source.h"
#include "telemetry/topology_queries.h"

namespace headroom::telemetry {

struct MeterPoll {
  std::vector<std::pair<MeterQuery, MeterReadings>> answers;
  std::vector<std::string> problems;  // of single queries
  std::string endpoint;               // that answered
};

class MeterPoller {
 public:
  explicit MeterPoller(SourceFactory& factory) : factory_(factory) {}

  // Errors: unavailable when there is no Prometheus, or none answers.
  [[nodiscard]] base::Result<MeterPoll> poll(const std::vector<Endpoint>& prometheus, const TopologyQueries& queries);
  void cancel();

 private:
  [[nodiscard]] base::Result<QueryApi*> open(const Endpoint& endpoint);
  [[nodiscard]] base::Result<MeterPoll> ask(const Endpoint& endpoint, const TopologyQueries& queries);

  [[nodiscard]] TopologyQueries failing_last(const TopologyQueries& queries);

  SourceFactory& factory_;
  TopologyQueries failing_;  // of performance: no answer last time
  std::string last_good_;    // url: asked first, so that a dead one costs its timeout once
  std::mutex mutex_;         // guards what cancel() touches
  bool cancelled_ = false;
  std::vector<std::pair<std::string, std::unique_ptr<QueryApi>>> apis_;  // by url
};

}  // namespace headroom::telemetry
