// Kubernetes JSON into model/'s values: the few fields we use, everything else (managedFields, status.images) is
// stepped over without being stored.
//
// Pure and thread-safe. Unknown fields and nulls are nothing; a wrong type or a value out of its form is invalid_input
// naming the field ("spec.containers[1].resources.limits.cpu: '1.5x' is not a quantity").
#pragma once

#include <string>

#include "base/result.h"
#include "kube/json.h"
#include "model/device_claim.h"
#include "model/node.h"
#include "model/pod.h"

namespace headroom::kube {

// A v1.Pod, of the API server or inside ExtenderArgs. metadata.name is required; uid is not (autoscaler simulations
// send pods without).
[[nodiscard]] base::Result<model::Pod> decode_pod(PaddedJson json);
// A v1.Node; metadata.name is required.
[[nodiscard]] base::Result<model::Node> decode_node(PaddedJson json);

// A resource.k8s.io/v1 ResourceClaim: its requests, or where it is allocated what each of them was granted.
// metadata.name is required. A request that asks for nothing that we know of (a newer kind) is invalid_input: its
// devices must not count as none.
[[nodiscard]] base::Result<model::DeviceClaim> decode_device_claim(PaddedJson json);
[[nodiscard]] base::Result<model::DeviceClaim> decode_device_claim_template(PaddedJson json);

// What every object carries. Never fails: what cannot be read stays empty.
struct ObjectMeta {
  std::string ns;
  std::string name;
  std::string uid;
  std::string resource_version;

  // "namespace/name", or "name" where there is no namespace.
  [[nodiscard]] std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};
[[nodiscard]] ObjectMeta read_meta(PaddedJson json);

}  // namespace headroom::kube
