#include "config/sections.h"

#include <string>
#include <utility>

namespace headroom::config {
namespace {

using runtime::ConfigReader;

telemetry::EndpointAuth read_auth(const ConfigReader& section) {
  telemetry::EndpointAuth auth;
  auth.tls.ca_file = section.text("caFile", "");
  auth.tls.server_name = section.text("serverName", "");
  auth.tls.cert_file = section.text("certFile", "");
  auth.tls.key_file = section.text("keyFile", "");
  auth.tls.insecure = section.flag("insecureSkipVerify", false);
  auth.bearer_token_file = section.text("bearerTokenFile", "");
  auth.basic_user = section.text("basicUser", "");
  auth.basic_password_file = section.text("basicPasswordFile", "");
  return auth;
}

telemetry::DiscoveryConfig read_discovery(const ConfigReader& section) {
  telemetry::DiscoveryConfig discovery;
  discovery.enabled = section.flag("enabled", discovery.enabled);
  if (section.has("namespaces")) discovery.namespaces = section.text_list("namespaces");
  discovery.auth = read_auth(section.section("auth"));
  return discovery;
}

telemetry::ExporterConfig read_exporter(const ConfigReader& section) {
  telemetry::ExporterConfig exporter;
  exporter.name = section.required_text("name");
  exporter.url = section.required_text("url");
  exporter.node = section.text("node", "");
  exporter.auth = read_auth(section.section("auth"));
  return exporter;
}

telemetry::PrometheusConfig read_prometheus(const ConfigReader& section) {
  telemetry::PrometheusConfig prometheus;
  prometheus.name = section.required_text("name");
  prometheus.url = section.required_text("url");
  prometheus.auth = read_auth(section.section("auth"));
  prometheus.read_exporters = section.flag("readExporters", prometheus.read_exporters);
  return prometheus;
}

}  // namespace

telemetry::TelemetryConfig read_telemetry(const ConfigReader& section) {
  telemetry::TelemetryConfig config;
  config.discovery = read_discovery(section.section("discovery"));
  for (const ConfigReader& exporter : section.sections("exporters")) {
    config.exporters.push_back(read_exporter(exporter));
  }
  for (const ConfigReader& prometheus : section.sections("prometheus")) {
    config.prometheus.push_back(read_prometheus(prometheus));
  }
  for (auto& [address, node] : section.named_texts("bmcNodes")) config.bmc_nodes.emplace(address, std::move(node));
  const base::Milliseconds least(50);
  config.scrape_interval = section.duration("scrapeInterval", {.fallback = config.scrape_interval, .least = least});
  config.prometheus_interval =
      section.duration("prometheusInterval", {.fallback = config.prometheus_interval, .least = least});
  config.timeout = section.duration("timeout", {.fallback = config.timeout, .least = least});
  config.publish_interval = section.duration("publishInterval", {.fallback = config.publish_interval, .least = least});
  config.concurrency = static_cast<std::int32_t>(
      section.integer("concurrency", {.fallback = config.concurrency, .least = 1, .most = 1'024}));
  config.body_limit = static_cast<std::size_t>(section.integer(
      "bodyLimitBytes",
      {.fallback = static_cast<std::int64_t>(config.body_limit), .least = 1 << 16, .most = std::int64_t{1} << 30}));
  for (const std::string& problem : telemetry::validate(config)) {
    const std::size_t colon = problem.find(": ");  // "exporters[2].url: ..."
    if (colon == std::string::npos) {
      section.problem("", problem);
    } else {
      section.problem(problem.substr(0, colon), problem.substr(colon + 2));
    }
  }
  return config;
}

}  // namespace headroom::config
