#include "kube/resource.h"

#include <utility>

#include "base/names.h"

namespace headroom::kube {
namespace {

namespace names = base::names;

// RFC 3986 unreserved characters stay; a segment "." or ".." cannot be had from a name the API accepts.
std::string encode_segment(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

}  // namespace

std::string Resource::collection_path() const {
  std::string path = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (!ns.empty()) path += "/namespaces/" + encode_segment(ns);
  return path + "/" + plural;
}

std::string Resource::object_path(std::string_view name, std::string_view subresource) const {
  std::string path = collection_path() + "/" + encode_segment(name);
  if (!subresource.empty()) path += "/" + encode_segment(subresource);
  return path;
}

std::string Resource::display() const {
  return group.empty() ? plural : plural + "." + group;
}

namespace resources {

Resource nodes() {
  return {"", "v1", "nodes", ""};
}
Resource pods(std::string ns) {
  return {"", "v1", "pods", std::move(ns)};
}
Resource policies(std::string ns) {
  return {std::string(names::kApiGroup), std::string(names::kApiVersion), std::string(names::kPolicyResource),
          std::move(ns)};
}
Resource topologies() {
  return {std::string(names::kApiGroup), std::string(names::kApiVersion), std::string(names::kTopologyResource), ""};
}
Resource config_maps(std::string ns) {
  return {"", "v1", "configmaps", std::move(ns)};
}
Resource leases(std::string ns) {
  return {"coordination.k8s.io", "v1", "leases", std::move(ns)};
}
Resource events(std::string ns) {
  return {"events.k8s.io", "v1", "events", std::move(ns)};
}
Resource endpoint_slices(std::string ns) {
  return {"discovery.k8s.io", "v1", "endpointslices", std::move(ns)};
}

}  // namespace resources
}  // namespace headroom::kube
