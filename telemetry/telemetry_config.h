// Configuration of telemetry/. The extender's config file maps to it one to one (section "telemetry"); the defaults are
// the shipped ones: with nothing configured, exporters are found by their Services in a few namespaces.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/durations.h"
#include "runtime/tls.h"

namespace headroom::telemetry {

// How we prove who we are to an endpoint, and how it proves itself. Token and password are read again at every request,
// so that rotation needs no restart. Both are sent over HTTPS with a configured CA only; validate() refuses others.
struct EndpointAuth {
  runtime::ClientTls tls;         // caFile, serverName, certFile, keyFile, insecure
  std::string bearer_token_file;  // never our own API token
  std::string basic_user;
  std::string basic_password_file;
};

// An exporter's /metrics page, scraped directly.
struct ExporterConfig {
  std::string name;  // shown in the source list; unique
  std::string url;   // http(s)://host:port[/path]; without a path: /metrics
  std::string node;  // everything on the page belongs to this node; empty: joined by labels
  EndpointAuth auth;
};

// A Prometheus (or Thanos, Mimir, VictoriaMetrics) query API.
struct PrometheusConfig {
  std::string name;
  std::string url;  // http(s)://host:port[/prefix]; /api/v1/query is appended
  EndpointAuth auth;
  bool read_exporters = true;  // false: only for the queries of PowerTopology
};

struct DiscoveryConfig {
  bool enabled = true;
  // Only Services here count: in any other namespace a tenant may publish one with Kepler's label.
  std::vector<std::string> namespaces{"headroom-system", "kepler", "monitoring", "gpu-operator", "newmonitoring"};
  EndpointAuth auth;  // for found endpoints whose port is named https
};

struct TelemetryConfig {
  DiscoveryConfig discovery;
  std::vector<ExporterConfig> exporters;
  std::vector<PrometheusConfig> prometheus;
  // BMC address or host name, as out-of-band exporters print it in `instance` -> node name.
  std::map<std::string, std::string, std::less<>> bmc_nodes;

  base::Milliseconds scrape_interval{5'000};      // every exporter
  base::Milliseconds prometheus_interval{5'000};  // every Prometheus, exporters' series and PowerTopology's queries
  base::Milliseconds timeout{3'000};              // one scrape or query, everything included
  base::Milliseconds publish_interval{500};       // snapshots are at least this far apart
  std::int32_t concurrency = 32;                  // requests in flight at a time
  std::size_t body_limit = 64u << 20;             // of one reply
};

// All problems, each beginning with the field's path ("exporters[2].url: ..."). Empty: usable.
[[nodiscard]] std::vector<std::string> validate(const TelemetryConfig& config);

}  // namespace headroom::telemetry
