// From a cluster snapshot and the books made of it to the status that every policy and topology should have. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/desired_status.h"
#include "controller/plan_caps.h"
#include "controller/pod_tally.h"
#include "model/cluster_snapshot.h"
#include "scoring/books.h"

namespace headroom::controller {

struct PlanInput {
  const model::ClusterSnapshot& snapshot;
  const scoring::Books& books;  // made of this snapshot
  const PodTally& tally;        // of both
  const CapPlan& caps;          // of the last round of the caps loop; empty: there was none
};

// One per policy and topology of the snapshot, unreadable ones included, sorted by key.
[[nodiscard]] std::vector<DesiredStatus> plan_status(const PlanInput& input);

// The two halves, for tests.
[[nodiscard]] std::vector<DesiredStatus> plan_policies(const PlanInput& input);
[[nodiscard]] std::vector<DesiredStatus> plan_topologies(const PlanInput& input);

}  // namespace headroom::controller
