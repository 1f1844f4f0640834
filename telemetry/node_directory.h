// Finds the node that a series speaks of. Pure; immutable once built, so any thread may ask.
//
// Order: the node that the endpoint stands for (EndpointSlice nodeName or configuration), then the labels node_name,
// node, exported_instance, instance, Hostname; each value is tried as node name, host name, InternalIP, BMC address and
// address of a discovered endpoint, with and without a port; last the address of the configured endpoint. Two things
// the order alone would get wrong:
//   - series of out-of-band exporters (IPMI, Redfish, iDRAC) that carry a known BMC address belong to that machine, not
//     to the node on which the exporter happens to run;
//   - an endpoint found by discovery may report only its own node: a series that names another one matches nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/node.h"
#include "telemetry/sample.h"

namespace headroom::telemetry {

struct NodeIdentity {
  std::string name;
  std::string hostname;  // label kubernetes.io/hostname; empty: none
  std::vector<std::string> internal_ips;

  bool operator==(const NodeIdentity&) const = default;
};

[[nodiscard]] NodeIdentity identity_of(const model::Node& node);

// Whose series an endpoint may report.
enum class Trust {
  own_node,  // found by discovery
  any_node,  // named in the configuration, and Prometheus
};

struct JoinContext {
  std::string node;  // that the endpoint stands for; empty: labels decide
  Trust trust = Trust::any_node;
  // Of the endpoint itself, tried where labels say nothing: node_exporter prints no node. Empty: none, as for
  // Prometheus, whose own address says nothing about its series.
  std::string address;
};

class NodeDirectory {
 public:
  using Addresses = std::map<std::string, std::string, std::less<>>;  // address -> node name

  NodeDirectory() = default;
  // bmc: BMC address or host name -> node. endpoints: address of a discovered exporter -> node it runs on.
  NodeDirectory(const std::vector<NodeIdentity>& nodes, const Addresses& bmc, const Addresses& endpoints);

  // The node of the series; nothing: unmatched.
  [[nodiscard]] std::optional<std::string_view> node_of(const Sample& sample, const JoinContext& context) const;
  [[nodiscard]] bool knows(std::string_view node) const { return nodes_.find(std::string(node)) != nodes_.end(); }

 private:
  [[nodiscard]] std::optional<std::string_view> by_value(std::string_view value) const;
  [[nodiscard]] std::optional<std::string_view> by_labels(const Sample& sample) const;
  [[nodiscard]] std::optional<std::string_view> by_bmc(const Sample& sample) const;

  // Node names map to themselves; aliases (host names, addresses) to a node name. Lookups never allocate for misses
  // longer than a small string.
  std::unordered_map<std::string, std::string> nodes_;
  std::unordered_map<std::string, std::string> bmc_;
};

}  // namespace headroom::telemetry
