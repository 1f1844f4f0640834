// The sources that really ask over HTTP(S): an exporter's page, and Prometheus' /api/v1/query.
#pragma once

#include <memory>

#include "base/clock.h"
#include "telemetry/sample_source.h"

namespace headroom::telemetry {

class HttpSources final : public SourceFactory {
 public:
  // `clock` outlives this and every source made. Only timeout and body_limit of the config are used.
  HttpSources(const TelemetryConfig& config, base::Clock& clock);
  [[nodiscard]] base::Result<std::unique_ptr<SampleSource>> exporter(const Endpoint& endpoint) override;
  [[nodiscard]] base::Result<std::unique_ptr<QueryApi>> prometheus(const Endpoint& endpoint) override;

 private:
  base::Milliseconds timeout_;
  std::size_t body_limit_;
  base::Clock& clock_;
};

}  // namespace headroom::telemetry
