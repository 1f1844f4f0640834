// Where a kind of object lives in the API: group, version, plural name and namespace, and the paths made of them.
#pragma once

#include <string>
#include <string_view>

namespace headroom::kube {

struct Resource {
  std::string group;  // empty: the core group
  std::string version;
  std::string plural;
  std::string ns;  // empty: cluster-scoped, or all namespaces

  // Percent-encoded; names that come from outside cannot leave their segment.
  [[nodiscard]] std::string collection_path() const;
  // subresource: "status", "binding", or empty.
  [[nodiscard]] std::string object_path(std::string_view name, std::string_view subresource = {}) const;
  // "nodes", "powertopologies.powercapping.example.com": for messages.
  [[nodiscard]] std::string display() const;

  bool operator==(const Resource&) const = default;
};

namespace resources {
[[nodiscard]] Resource nodes();
[[nodiscard]] Resource pods(std::string ns = {});
[[nodiscard]] Resource policies(std::string ns = {});
[[nodiscard]] Resource topologies();
[[nodiscard]] Resource node_power_caps();
[[nodiscard]] Resource config_maps(std::string ns);
[[nodiscard]] Resource leases(std::string ns);
[[nodiscard]] Resource events(std::string ns);
[[nodiscard]] Resource endpoint_slices(std::string ns);
[[nodiscard]] Resource resource_claims();
[[nodiscard]] Resource resource_claim_templates();
}  // namespace resources

}  // namespace headroom::kube
