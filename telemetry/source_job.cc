#include "telemetry/source_job.h"

#include <set>

#include "telemetry/prometheus_source.h"

namespace headroom::telemetry {

base::Result<std::unique_ptr<SampleSource>> open_source(SourceFactory& factory, const Endpoint& endpoint) {
  if (endpoint.kind == EndpointKind::exporter) return factory.exporter(endpoint);
  auto api = factory.prometheus(endpoint);
  if (!api) return api.error();
  return std::unique_ptr<SampleSource>(std::make_unique<PrometheusSource>(std::move(api).value()));
}

std::vector<Endpoint> unique_endpoints(std::vector<Endpoint> endpoints) {
  std::set<std::string> seen;
  std::erase_if(endpoints, [&](const Endpoint& endpoint) { return !seen.insert(endpoint.key()).second; });
  return endpoints;
}

void record_success(model::SourceStatus& status, base::WallTime when, base::Microseconds took) {
  status.up = true;
  status.error.clear();
  status.last_success = when;
  status.duration = took;
  ++status.polls;
}

void record_failure(model::SourceStatus& status, const std::string& error) {
  status.up = false;
  status.error = error;
  ++status.polls;
  ++status.failures;
}

}  // namespace headroom::telemetry
