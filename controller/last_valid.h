// Which PowerTopology specs the ConfigMap should hold, so that a restart while a component is invalid starts from the
// version that was in force. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/edges.h"
#include "model/cluster_snapshot.h"
#include "topology/compile.h"

namespace headroom::controller {

struct SpecPlan {
  StoredSpecs specs;
  // Objects that found no room: a ConfigMap holds 1 MiB. Their components are refused after a restart while invalid.
  std::vector<std::string> left_out;
};

// A valid object is stored as it is; an invalid or unreadable one keeps what is stored, else the version in force. A
// deleted one is dropped once nothing of it is in force.
[[nodiscard]] SpecPlan plan_specs(const model::ClusterSnapshot& snapshot, const topology::Compiled& compiled,
                                  const StoredSpecs& stored);

}  // namespace headroom::controller
