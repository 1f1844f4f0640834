// The Kubernetes objects of the demo's hall: CRDs as deployed, nodes, a PowerTopology and two policies.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "demo/api_server.h"
#include "demo/hall.h"

namespace headroom::demo {

struct ClusterFacts {
  int cores = 16;       // of each node
  int idle_watts = 90;  // as the node class says it
  int watts_per_core = 10;
  int rack_rated_watts = 2'100;  // 80 % of it may be used
  int inlet_limit_celsius = 27;
  int policy_cap_watts = 240;  // of namespace llm

  [[nodiscard]] double rack_limit_watts() const { return rack_rated_watts * 0.8; }
};

// Creates everything. `crds`: the folder deploy/crds. Errors name the object.
[[nodiscard]] base::Status create_cluster(ApiServer& server, const Hall& hall, const ClusterFacts& facts,
                                          const std::string& crds);

}  // namespace headroom::demo
