// Finds exporters and Prometheus by their Services. Pure.
//
// A slice counts when it is in one of the configured namespaces and its labels name a known exporter:
//   app.kubernetes.io/name  kepler, kepler-exporter, dcgm-exporter, node-exporter, prometheus-node-exporter, prometheus
//   app                     kepler-exporter, nvidia-dcgm-exporter (of the GPU Operator)
// and it has a port we know: 28282, 9102, 8888 (Kepler), 9400 (DCGM), 9100 (node_exporter), 9090 (Prometheus). A port
// whose name contains "https" is asked over HTTPS with the discovery section's CA and token. An exporter found this way
// may report only the node it runs on, so one whose address names no node is left out; Prometheus speaks of all nodes.
#pragma once

#include <vector>

#include "model/endpoint_slice.h"
#include "telemetry/endpoint.h"

namespace headroom::telemetry {

struct Discovered {
  std::vector<Endpoint> endpoints;     // ordered by name; no address twice
  NodeDirectory::Addresses addresses;  // address of an exporter -> node it runs on
};

[[nodiscard]] Discovered discover(const std::vector<model::EndpointSlice>& slices, const DiscoveryConfig& config);

// The configured endpoints, Prometheus first. Series of an exporter without `node` that carry no label of ours are
// joined by the host in its URL or, for exporters that are asked about others (?target=bmc-7), by that target.
[[nodiscard]] std::vector<Endpoint> configured_endpoints(const TelemetryConfig& config);

}  // namespace headroom::telemetry
