// One place that is asked for samples: a line of the configuration, or found by discovery.
#pragma once

#include <string>

#include "telemetry/node_directory.h"
#include "telemetry/telemetry_config.h"

namespace headroom::telemetry {

enum class EndpointKind {
  exporter,    // a page in the text exposition format
  prometheus,  // the query API
};

struct Endpoint {
  std::string name;  // as SourceStatus shows it
  EndpointKind kind = EndpointKind::exporter;
  std::string url;  // with path
  JoinContext join;
  EndpointAuth auth;
  bool read_exporters = true;  // of a Prometheus

  // Two endpoints with the same key are one: asked once, by the first one's settings.
  [[nodiscard]] const std::string& key() const { return url; }
};

}  // namespace headroom::telemetry
