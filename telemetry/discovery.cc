#include "telemetry/discovery.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "model/labels.h"

namespace headroom::telemetry {
namespace {

// What a Service's label says it is, and the ports it usually listens on.
struct KnownExporter {
  std::string_view label;
  std::string_view value;
  EndpointKind kind;
  std::array<std::uint16_t, 3> ports;  // 0: none
};

constexpr std::string_view kNameLabel = "app.kubernetes.io/name";
constexpr std::array<std::uint16_t, 3> kKeplerPorts{28282, 9102, 8888};
constexpr std::array<KnownExporter, 8> kKnown{{
    {kNameLabel, "kepler", EndpointKind::exporter, kKeplerPorts},
    {kNameLabel, "kepler-exporter", EndpointKind::exporter, kKeplerPorts},
    {"app", "kepler-exporter", EndpointKind::exporter, kKeplerPorts},
    {kNameLabel, "dcgm-exporter", EndpointKind::exporter, {9400, 0, 0}},
    {"app", "nvidia-dcgm-exporter", EndpointKind::exporter, {9400, 0, 0}},  // the GPU Operator's only label
    {kNameLabel, "node-exporter", EndpointKind::exporter, {9100, 0, 0}},
    {kNameLabel, "prometheus-node-exporter", EndpointKind::exporter, {9100, 0, 0}},
    {kNameLabel, "prometheus", EndpointKind::prometheus, {9090, 0, 0}},
}};

[[nodiscard]] const KnownExporter* recognise(const model::EndpointSlice& slice) {
  for (const KnownExporter& known : kKnown) {
    const auto label = slice.labels.find(known.label);
    if (label != slice.labels.end() && label->second == known.value) return &known;
  }
  return nullptr;
}

[[nodiscard]] std::optional<model::EndpointPort> port_of(const model::EndpointSlice& slice,
                                                         const KnownExporter& known) {
  for (const std::uint16_t wanted : known.ports) {
    for (const model::EndpointPort& port : slice.ports) {
      if (port.port != 0 && port.port == wanted) return port;
    }
  }
  return std::nullopt;
}

[[nodiscard]] std::string service_of(const model::EndpointSlice& slice) {
  const auto label = slice.labels.find("kubernetes.io/service-name");
  return label == slice.labels.end() ? slice.name : label->second;
}

[[nodiscard]] std::string url_of(const std::string& address, const model::EndpointPort& port) {
  const bool https = port.name.find("https") != std::string::npos;
  const std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
  return std::string(https ? "https://" : "http://") + host + ":" + std::to_string(port.port);
}

[[nodiscard]] bool has_path(const std::string& url) {
  const auto scheme = url.find("://");
  const auto slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return slash != std::string::npos && slash + 1 < url.size();
}

// Whose series a page without labels shows: its target's, else those of the machine it is on.
[[nodiscard]] std::string address_of(const std::string& url) {
  const auto query = url.find('?');
  if (query == std::string::npos) return url;
  for (const std::string_view key : {"?target=", "&target="}) {
    const auto found = url.find(key, query);
    if (found == std::string::npos) continue;
    const auto value = found + key.size();
    return url.substr(value, url.find('&', value) - value);
  }
  return {};
}

[[nodiscard]] std::string without_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

class Finder {
 public:
  explicit Finder(const DiscoveryConfig& config) : config_(config) {}

  void add(const model::EndpointSlice& slice) {
    const auto& allowed = config_.namespaces;
    if (std::find(allowed.begin(), allowed.end(), slice.ns) == allowed.end()) return;
    const KnownExporter* known = recognise(slice);
    const auto port = known == nullptr ? std::nullopt : port_of(slice, *known);
    if (!port) return;
    for (const model::EndpointAddress& address : slice.endpoints) {
      if (address.ready && !address.addresses.empty()) add(slice, *known, *port, address);
    }
  }

  [[nodiscard]] Discovered take() {
    for (auto& [url, endpoint] : by_url_) found_.endpoints.push_back(std::move(endpoint));
    std::stable_sort(found_.endpoints.begin(), found_.endpoints.end(),
                     [](const Endpoint& a, const Endpoint& b) { return a.name < b.name; });
    return std::move(found_);
  }

 private:
  // The first address only: the others of a dual-stack endpoint lead to the same process.
  void add(const model::EndpointSlice& slice, const KnownExporter& known, const model::EndpointPort& port,
           const model::EndpointAddress& address) {
    const bool exporter = known.kind == EndpointKind::exporter;
    if (exporter && address.node_name.empty()) return;
    if (exporter) {
      for (const std::string& one : address.addresses) found_.addresses.emplace(one, address.node_name);
    }
    Endpoint endpoint;
    endpoint.kind = known.kind;
    endpoint.url = url_of(address.addresses.front(), port) + (exporter ? "/metrics" : "");
    endpoint.name = "discovered/" + slice.ns + "/" + service_of(slice);
    if (exporter) endpoint.join = {address.node_name, Trust::own_node, {}};
    if (endpoint.url.starts_with("https://")) endpoint.auth = config_.auth;
    by_url_.emplace(endpoint.url, std::move(endpoint));
  }

  const DiscoveryConfig& config_;
  Discovered found_;
  std::map<std::string, Endpoint> by_url_;
};

}  // namespace

Discovered discover(const std::vector<model::EndpointSlice>& slices, const DiscoveryConfig& config) {
  Finder finder(config);
  if (config.enabled) {
    for (const model::EndpointSlice& slice : slices) finder.add(slice);
  }
  return finder.take();
}

std::vector<Endpoint> configured_endpoints(const TelemetryConfig& config) {
  std::vector<Endpoint> endpoints;
  for (const PrometheusConfig& one : config.prometheus) {
    endpoints.push_back({one.name, EndpointKind::prometheus, without_slash(one.url), {}, one.auth, one.read_exporters});
  }
  for (const ExporterConfig& one : config.exporters) {
    const std::string url = has_path(one.url) ? one.url : without_slash(one.url) + "/metrics";
    endpoints.push_back(
        {one.name, EndpointKind::exporter, url, {one.node, Trust::any_node, address_of(url)}, one.auth, true});
  }
  return endpoints;
}

}  // namespace headroom::telemetry
