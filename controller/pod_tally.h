// One walk over all pods: what policies and topologies say about them that the books do not hold. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/cluster_snapshot.h"
#include "scoring/books.h"

namespace headroom::controller {

struct WouldRefuse {
  std::map<std::string, std::int64_t, std::less<>> by_reason;  // code -> running pods
};

// A running pod that mode Recommend let pass: for its Event.
struct LetPass {
  std::shared_ptr<const model::Pod> pod;
  std::string reason;  // code
};

struct PodTally {
  std::vector<WouldRefuse> policies;        // by PolicyIndex::policies()
  std::vector<std::int64_t> stale_members;  // by PolicyIndex::policies(): on nodes not freshly measured
  std::map<std::string, WouldRefuse, std::less<>> topologies;  // by name of the PowerTopology
  std::vector<LetPass> let_pass;
};

// The policies and topologies that a would-be refusal is put down to are those in mode Recommend that apply to the pod:
// of the pod's policies for a policy's limit, of the rack's elements for the rest.
[[nodiscard]] PodTally tally_pods(const model::ClusterSnapshot& snapshot, const scoring::Books& books);

}  // namespace headroom::controller
