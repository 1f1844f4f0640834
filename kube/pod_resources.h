// Effective resources of a pod: what it can use at its peak, from its containers' and its own requests and limits.
//
// The rules are those of k8s.io/component-helpers/resource (PodRequests), with the CPU limit in the place of the
// request where one is set, because watts follow use and a limit bounds use:
//   - init containers run one after the other, beside the sidecars started before them (restartPolicy Always); the pod
//     needs the larger of the worst such moment and of all containers with all sidecars;
//   - resources of the pod as a whole replace the sum: a limit does, a request only raises it;
//   - during an in-place resize the larger of what is asked for and what the node has allocated counts;
//   - overhead comes on top.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kube/resource_list.h"
#include "model/pod.h"

namespace headroom::kube {

struct ContainerSpec {
  std::string name;
  ResourceNeeds needs;
  bool sidecar = false;  // an init container with restartPolicy Always
};

// Of status.containerStatuses[]: what the node has given it.
struct ContainerGrant {
  ResourceNeeds actual;
  ResourceList allocated;
};

struct PodResources {
  std::vector<ContainerSpec> containers;
  std::vector<ContainerSpec> init_containers;
  std::map<std::string, ContainerGrant, std::less<>> grants;  // by container name
  std::optional<ResourceNeeds> pod_level;
  std::optional<ContainerGrant> pod_level_grant;
  ResourceList overhead;
};

struct EffectiveResources {
  std::int64_t cpu_millis = 0;
  std::vector<model::DeviceCount> devices;  // sorted by name, zeros left out
};

[[nodiscard]] EffectiveResources effective_resources(const PodResources& pod);

}  // namespace headroom::kube
