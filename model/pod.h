// What Headroom keeps of a Pod. Filled by kube/ from list and watch, and by extender/ from a scheduler's request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/labels.h"

namespace headroom::model {

// A countable device: an extended resource ("nvidia.com/gpu") or a DRA device class.
struct DeviceCount {
  std::string resource;
  std::int64_t count = 0;

  bool operator==(const DeviceCount&) const = default;
};

// Devices claimed through spec.resourceClaims (DRA); device_claim.h finds what they are.
struct PodClaim {
  std::string claim;          // name of the ResourceClaim; empty: not made yet from the template
  std::string from_template;  // name of the ResourceClaimTemplate; empty: the claim is named by the pod

  bool operator==(const PodClaim&) const = default;
};

enum class PodPhase { pending, running, succeeded, failed, unknown };

// The pod condition that we patch (base::names::kHeadroomCondition), as last seen.
struct HeadroomCondition {
  bool fits = false;  // status True
  std::string reason;
  base::WallTime last_transition;

  bool operator==(const HeadroomCondition&) const = default;
};

struct Pod {
  std::string uid;
  std::string ns;
  std::string name;
  std::string resource_version;  // opaque
  Labels labels;
  // Only annotations under base::names::kApiGroup are kept.
  Labels annotations;

  std::string scheduler_name;
  std::string node_name;       // empty: not bound
  std::string nominated_node;  // empty: none
  std::int32_t priority = 0;
  PodPhase phase = PodPhase::pending;
  bool ready = false;        // condition Ready: of node agents alone does it matter
  bool terminating = false;  // deletionTimestamp set: holds its watts until it is gone
  bool owned_by_daemonset = false;
  base::WallTime created;
  std::optional<base::WallTime> started;  // status.startTime

  // Effective resources after init containers, sidecars, overhead, pod-level resources and in-place resize; CPU is the
  // limit where one is set, else the request.
  std::int64_t cpu_millis = 0;
  std::vector<DeviceCount> devices;
  std::vector<PodClaim> claims;  // counted apart from `devices`

  // PodScheduled=False with reason Unschedulable: waits for us (gated pods have another reason).
  bool unschedulable = false;
  std::optional<HeadroomCondition> headroom;
  Labels node_selector;
  std::vector<NodeSelectorTerm> required_node_affinity;  // any of them; empty: no requirement

  bool operator==(const Pod&) const = default;
};

// Draws nothing any more.
[[nodiscard]] inline bool finished(const Pod& pod) {
  return pod.phase == PodPhase::succeeded || pod.phase == PodPhase::failed;
}
[[nodiscard]] inline bool bound(const Pod& pod) {
  return !pod.node_name.empty();
}
// "namespace/name", the join key of exporters that do not print the uid.
[[nodiscard]] inline std::string key_of(const Pod& pod) {
  return pod.ns + "/" + pod.name;
}

}  // namespace headroom::model
