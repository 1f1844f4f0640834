// Which kinds of object the stand-in serves, and how a request's path names one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::demo {

struct ResourceType {
  std::string group;  // empty: core
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = false;
  bool has_status = false;
  bool custom = false;  // of a CustomResourceDefinition

  // "pods", "leases.coordination.k8s.io": one per kind, whatever the version.
  [[nodiscard]] std::string id() const { return group.empty() ? plural : plural + "." + group; }
  [[nodiscard]] std::string api_version() const { return group.empty() ? version : group + "/" + version; }
};

[[nodiscard]] const std::vector<ResourceType>& built_in_types();

// "/apis/coordination.k8s.io/v1/namespaces/ns/leases/name/status" taken apart.
struct ApiPath {
  std::string group;
  std::string version;
  std::string ns;
  std::string plural;
  std::string name;
  std::string subresource;
};
// Nothing: the path names no collection and no object.
[[nodiscard]] std::optional<ApiPath> parse_api_path(std::string_view path);

}  // namespace headroom::demo
