// The seams between the collector and the network. Real ones: telemetry/http_sources.h; tests have scripted ones.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/endpoint.h"
#include "telemetry/sample.h"

namespace headroom::telemetry {

struct Poll {
  std::vector<Sample> samples;  // only series that some dialect reads
  std::uint64_t junk_lines = 0;
};

// One endpoint, asked by one thread at a time; cancel() may come from another and ends a blocked call at once.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  // Errors: unavailable, denied; invalid_input when the reply is no exposition format at all.
  [[nodiscard]] virtual base::Result<Poll> poll() = 0;
  virtual void cancel() = 0;
};

// The instant query API of Prometheus. Same thread rule.
class QueryApi {
 public:
  virtual ~QueryApi() = default;
  // The rows of an instant vector; a scalar is one row without labels. Times are those of the evaluation.
  // Errors: invalid_input when Prometheus refuses the query (its message is kept); unavailable, denied, unsupported
  // when it cannot be asked or is none.
  [[nodiscard]] virtual base::Result<std::vector<Sample>> query(std::string_view promql) = 0;
  virtual void cancel() = 0;
};

// Builds the two for an endpoint. Errors: invalid_input naming the URL or file.
class SourceFactory {
 public:
  virtual ~SourceFactory() = default;
  [[nodiscard]] virtual base::Result<std::unique_ptr<SampleSource>> exporter(const Endpoint& endpoint) = 0;
  [[nodiscard]] virtual base::Result<std::unique_ptr<QueryApi>> prometheus(const Endpoint& endpoint) = 0;
};

}  // namespace headroom::telemetry
