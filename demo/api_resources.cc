#include "demo/api_resources.h"

namespace headroom::demo {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto end = path.find('/');
    if (end != 0) segments.emplace_back(path.substr(0, end));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return segments;
}

}  // namespace

const std::vector<ResourceType>& built_in_types() {
  static const std::vector<ResourceType> types = {
      {"", "v1", "namespaces", "Namespace", false, true, false},
      {"", "v1", "nodes", "Node", false, true, false},
      {"", "v1", "pods", "Pod", true, true, false},
      {"", "v1", "configmaps", "ConfigMap", true, false, false},
      {"", "v1", "services", "Service", true, true, false},
      {"", "v1", "events", "Event", true, false, false},
      {"events.k8s.io", "v1", "events", "Event", true, false, false},
      {"coordination.k8s.io", "v1", "leases", "Lease", true, false, false},
      {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, false, false},
      {"resource.k8s.io", "v1", "resourceclaims", "ResourceClaim", true, true, false},
      {"resource.k8s.io", "v1", "resourceclaimtemplates", "ResourceClaimTemplate", true, false, false},
      {"apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false, true, false},
  };
  return types;
}

std::optional<ApiPath> parse_api_path(std::string_view path) {
  const auto segments = segments_of(path);
  ApiPath parsed;
  std::size_t next = 0;
  if (segments.size() >= 3 && segments[0] == "api") {
    parsed.version = segments[1];
    next = 2;
  } else if (segments.size() >= 4 && segments[0] == "apis") {
    parsed.group = segments[1];
    parsed.version = segments[2];
    next = 3;
  } else {
    return std::nullopt;
  }
  // "namespaces/x" alone is the Namespace; with more behind it, a prefix.
  if (segments[next] == "namespaces" && segments.size() > next + 2 && segments[next + 2] != "status") {
    parsed.ns = segments[next + 1];
    next += 2;
  }
  const std::size_t left = segments.size() - next;
  if (left > 3) return std::nullopt;
  parsed.plural = segments[next];
  if (left > 1) parsed.name = segments[next + 1];
  if (left > 2) parsed.subresource = segments[next + 2];
  return parsed;
}

}  // namespace headroom::demo
