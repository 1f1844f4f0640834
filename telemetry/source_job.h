// One endpoint under the collector: its source, what it remembers, and its line in the source list.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/telemetry.h"
#include "telemetry/endpoint.h"
#include "telemetry/poll_decoder.h"
#include "telemetry/poll_queue.h"
#include "telemetry/sample_source.h"

namespace headroom::telemetry {

// `source` is set, and `status` and `unmatched_examples` are read and written, under the collector's mutex; `decoder`
// belongs to the thread that polls; the rest never changes.
struct SourceJob {
  SourceJob(JobId job_id, Endpoint asked) : id(job_id), endpoint(std::move(asked)) {
    status.name = endpoint.name;
    status.endpoint = endpoint.url;
  }

  const JobId id;
  const Endpoint endpoint;
  std::unique_ptr<SampleSource> source;  // made at the first poll
  PollDecoder decoder;
  model::SourceStatus status;
  std::vector<std::string> unmatched_examples;
};

// The source for an endpoint: a page, or exporters' series through a Prometheus.
[[nodiscard]] base::Result<std::unique_ptr<SampleSource>> open_source(SourceFactory& factory, const Endpoint& endpoint);

// The first endpoint of each key: configured ones stand before found ones.
[[nodiscard]] std::vector<Endpoint> unique_endpoints(std::vector<Endpoint> endpoints);

// Whether a source has just begun to answer or to fail. The first poll always turns.
enum class Turn { none, up, down };

// Bookkeeping of one poll in the source list.
[[nodiscard]] Turn record_success(model::SourceStatus& status, base::WallTime when, base::Microseconds took);
[[nodiscard]] Turn record_failure(model::SourceStatus& status, const std::string& error);

// One log line per turn; none for Turn::none.
void log_turn(Turn turn, const model::SourceStatus& status);

}  // namespace headroom::telemetry
