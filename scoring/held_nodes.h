// Nodes that were deleted and may still draw: each keeps its last load for Settings::deleted_node_hold, or until it is
// metered below idle. Private to this folder.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/cluster_snapshot.h"
#include "scoring/books.h"
#include "scoring/node_meter.h"

namespace headroom::scoring {

struct HeldMemory {
  std::string rack;  // empty: none
  base::Power idle;
  base::Power booked;
  base::Power present;
  NodeMeter meter;
  base::WallTime deleted_at;
  bool off = false;  // was metered below idle: stays released
};
using HeldMemories = std::map<std::string, HeldMemory, std::less<>>;  // by node name

struct HeldInput {
  const model::ClusterSnapshot& snapshot;
  const topology::Compiled& topology;
  const NodeTable& table;
  const Settings& settings;
  const Books* previous = nullptr;  // where the last loads stand; null: the first step
  base::WallTime now;
};

[[nodiscard]] HeldMemories step_held(const HeldInput& input, HeldMemories memories);
[[nodiscard]] std::vector<HeldNode> held_nodes(const NodeTable& table, const HeldMemories& memories);

}  // namespace headroom::scoring
