#include "telemetry/source_job.h"

#include <set>

#include "runtime/logging.h"
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

Turn record_success(model::SourceStatus& status, base::WallTime when, base::Microseconds took) {
  const Turn turn = status.up ? Turn::none : Turn::up;
  status.up = true;
  status.error.clear();
  status.last_success = when;
  status.duration = took;
  ++status.polls;
  return turn;
}

Turn record_failure(model::SourceStatus& status, const std::string& error) {
  const Turn turn = status.up || status.polls == 0 ? Turn::down : Turn::none;
  status.up = false;
  status.error = error;
  ++status.polls;
  ++status.failures;
  return turn;
}

void log_turn(Turn turn, const model::SourceStatus& status) {
  if (turn == Turn::up) {
    runtime::log_info("telemetry", "source answers", {{"source", status.name}, {"endpoint", status.endpoint}});
  } else if (turn == Turn::down) {
    runtime::log_warning("telemetry", "source is silent",
                         {{"source", status.name}, {"endpoint", status.endpoint}, {"error", status.error}});
  }
}

}  // namespace headroom::telemetry
