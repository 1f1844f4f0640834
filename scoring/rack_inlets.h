// Inlet temperatures of all racks, from their nodes' sensors and their own. Private to this folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "policy/resolve.h"
#include "scoring/books.h"
#include "scoring/inlet.h"
#include "scoring/node_table.h"

namespace headroom::scoring {

struct RackInletsInput {
  const topology::Compiled& topology;
  const policy::PolicyIndex& policies;
  const NodeTable& table;
  const Settings& settings;
  const model::TelemetrySnapshot& telemetry;
  base::WallTime now;
};

using InletMemories = std::map<std::string, InletMemory, std::less<>>;  // by rack

[[nodiscard]] InletMemories step_inlets(const RackInletsInput& input, InletMemories memories);
// By NodeTable::racks.
[[nodiscard]] std::vector<RackInlet> inlets_of(const NodeTable& table, const InletMemories& memories);

// Every distinct inlet limit that somebody has, by NodeTable::racks, ascending.
[[nodiscard]] std::vector<std::vector<base::Temperature>> inlet_limits_of(const RackInletsInput& input);

}  // namespace headroom::scoring
