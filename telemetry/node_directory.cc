#include "telemetry/node_directory.h"

#include <array>
#include <charconv>

#include "model/labels.h"

namespace headroom::telemetry {
namespace {

constexpr std::array<std::string_view, 5> kNodeLabels{"node_name", "node", "exported_instance", "instance", "Hostname"};
constexpr std::array<std::string_view, 3> kBmcLabels{"exported_instance", "instance", "target"};
constexpr std::array<std::string_view, 3> kOutOfBandPrefixes{"ipmi_", "redfish_", "idrac_"};

// "host:port", "[v6]:port", "https://host:port/path" -> host. Anything else as it is.
[[nodiscard]] std::string_view host_of(std::string_view value) {
  if (const auto scheme = value.find("://"); scheme != std::string_view::npos) value.remove_prefix(scheme + 3);
  value = value.substr(0, value.find('/'));
  if (!value.empty() && value.front() == '[') {
    const auto close = value.find(']');
    return close == std::string_view::npos ? value : value.substr(1, close - 1);
  }
  const auto colon = value.find(':');
  if (colon == std::string_view::npos || value.find(':', colon + 1) != std::string_view::npos) return value;
  return value.substr(0, colon);
}

[[nodiscard]] bool is_out_of_band(const Sample& sample) {
  for (const std::string_view prefix : kOutOfBandPrefixes) {
    if (sample.name.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

NodeIdentity identity_of(const model::Node& node) {
  const auto hostname = node.labels.find("kubernetes.io/hostname");
  return {node.name, hostname == node.labels.end() ? std::string() : hostname->second, node.internal_ips};
}

NodeDirectory::NodeDirectory(const std::vector<NodeIdentity>& nodes, const Addresses& bmc, const Addresses& endpoints) {
  for (const NodeIdentity& node : nodes) nodes_[node.name] = node.name;
  // A name is stronger than any alias, and the first alias wins: emplace never overwrites.
  for (const NodeIdentity& node : nodes) {
    if (!node.hostname.empty()) nodes_.emplace(node.hostname, node.name);
    for (const std::string& ip : node.internal_ips) nodes_.emplace(ip, node.name);
  }
  for (const auto& [address, node] : bmc) {
    if (nodes_.find(node) != nodes_.end()) bmc_.emplace(host_of(address), node);
  }
  for (const auto& [address, node] : bmc_) nodes_.emplace(address, node);
  for (const auto& [address, node] : endpoints) {
    if (nodes_.find(node) != nodes_.end()) nodes_.emplace(address, node);
  }
}

std::optional<std::string_view> NodeDirectory::by_value(std::string_view value) const {
  if (value.empty()) return std::nullopt;
  if (const auto exact = nodes_.find(std::string(value)); exact != nodes_.end()) return exact->second;
  const std::string_view host = host_of(value);
  if (host.empty() || host.size() == value.size()) return std::nullopt;
  const auto found = nodes_.find(std::string(host));
  return found == nodes_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::optional<std::string_view> NodeDirectory::by_labels(const Sample& sample) const {
  for (const std::string_view key : kNodeLabels) {
    if (const auto node = by_value(sample.label(key))) return node;
  }
  return std::nullopt;
}

std::optional<std::string_view> NodeDirectory::by_bmc(const Sample& sample) const {
  if (bmc_.empty() || !is_out_of_band(sample)) return std::nullopt;
  for (const std::string_view key : kBmcLabels) {
    if (const auto found = bmc_.find(std::string(host_of(sample.label(key)))); found != bmc_.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> NodeDirectory::node_of(const Sample& sample, const JoinContext& context) const {
  auto named = by_bmc(sample);
  if (!named && (context.node.empty() || context.trust == Trust::own_node)) named = by_labels(sample);
  if (!named && context.node.empty()) named = by_value(context.address);
  if (context.trust == Trust::any_node && (named || context.node.empty())) return named;

  const auto own = nodes_.find(context.node);
  if (own == nodes_.end() || own->second != context.node) return std::nullopt;
  if (named && *named != own->second) return std::nullopt;  // speaks of somebody else's machine
  return std::string_view(own->second);
}

}  // namespace headroom::telemetry
