// Devices that pods claim (DRA, resource.k8s.io/v1): what Headroom keeps of a ResourceClaim and of a
// ResourceClaimTemplate. Filled by kube/.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/pod.h"

namespace headroom::model {

// So many devices of one DeviceClass.
struct ClassDevices {
  std::string device_class;
  std::optional<std::int64_t> count;  // nothing: all that match, a number nobody knows before they are allocated

  bool operator==(const ClassDevices&) const = default;
};

// One request of a claim: any one of these will be granted. Of an allocated claim: what was.
using DeviceRequest = std::vector<ClassDevices>;

struct DeviceClaim {
  std::string key;  // "namespace/name"
  // Without those with adminAccess: they look at devices that others use.
  std::vector<DeviceRequest> requests;

  bool operator==(const DeviceClaim&) const = default;
};

// All that are known, by "namespace/name". Immutable once in a snapshot.
struct DeviceClaims {
  std::map<std::string, std::shared_ptr<const DeviceClaim>, std::less<>> claims;
  std::map<std::string, std::shared_ptr<const DeviceClaim>, std::less<>> templates;
};

// What a pod's claim asks for: by its ResourceClaim where that is known, which also says what was allocated, else by
// its template. Null: not known (not listed yet, not readable, or we may not read them).
[[nodiscard]] const DeviceClaim* find_claim(const DeviceClaims& claims, const Pod& pod, const PodClaim& claim);

}  // namespace headroom::model
