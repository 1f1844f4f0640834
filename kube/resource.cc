#include "kube/resource.h"

#include <utility>

#include "base/names.h"
#include "runtime/http_client.h"

namespace headroom::kube {
namespace {

namespace names = base::names;

}  // namespace

std::string Resource::collection_path() const {
  std::string path = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (!ns.empty()) path += "/namespaces/" + runtime::percent_encoded(ns);
  return path + "/" + plural;
}

std::string Resource::object_path(std::string_view name, std::string_view subresource) const {
  std::string path = collection_path() + "/" + runtime::percent_encoded(name);
  if (!subresource.empty()) path += "/" + runtime::percent_encoded(subresource);
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
Resource node_power_caps() {
  return {std::string(names::kApiGroup), std::string(names::kApiVersion), std::string(names::kNodePowerCapResource),
          ""};
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
Resource resource_claims() {
  return {"resource.k8s.io", "v1", "resourceclaims", ""};
}
Resource resource_claim_templates() {
  return {"resource.k8s.io", "v1", "resourceclaimtemplates", ""};
}

}  // namespace resources
}  // namespace headroom::kube
