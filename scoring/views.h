// The loads of all nodes, racks and elements under one stale rule. Private to this folder.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "scoring/books.h"
#include "scoring/cap_standing.h"
#include "scoring/node_meter.h"
#include "scoring/pod_facts.h"

namespace headroom::scoring {

// An element's own meter and what it proved to be no node.
struct ElementMemory {
  ScopeMeter meter;
  base::Power unmanaged;
};

struct ViewInput {
  const topology::Compiled& topology;
  const NodeTable& table;
  const Settings& settings;
  const PodFacts& facts;
  const PodsByNode& pods;
  const std::vector<NodeMeter>& meters;  // by NodeTable::nodes
  const std::vector<HeldNode>& held;
  const CapsByRow& caps;
  base::WallTime now;
};

// Which tightenings of PowerTopology's rules the policies can ask for: the rules of the views, the first one empty. A
// bounded number, however many policies there are.
struct Tightening {
  std::optional<model::StaleTelemetry> on_stale;
  std::optional<base::Seconds> max_age;
};
[[nodiscard]] std::vector<Tightening> tightenings_of(const policy::PolicyIndex& policies);

// The rule that holds on a rack (kNone: outside every rack).
[[nodiscard]] topology::StaleRule rule_on(const topology::Compiled& topology, const NodeTable& table,
                                          std::uint32_t rack);

// Node loads only.
[[nodiscard]] View make_view(const ViewInput& input, const Tightening& tightening);

// What the elements' meters show beyond the nodes, from the loads of views[0]; elements: memory by element name.
using ElementMemories = std::map<std::string, ElementMemory, std::less<>>;
struct UnmanagedInput {
  const ViewInput& view_input;
  const View& view;
  const model::TelemetrySnapshot& telemetry;
  base::Microseconds elapsed;
};
struct UnmanagedLoad {
  base::Power unmanaged;
  base::Power measured;  // unmanaged + measured loads below
  base::Power at_least;  // what a fresh meter proves
};
struct UnmanagedStep {
  std::vector<UnmanagedLoad> loads;  // by Compiled::elements
  ElementMemories memories;
};
[[nodiscard]] UnmanagedStep step_unmanaged(const UnmanagedInput& input, ElementMemories memories);

// Adds elements and racks to a view that has its nodes.
void sum_upwards(View& view, const ViewInput& input, const std::vector<UnmanagedLoad>& unmanaged);

}  // namespace headroom::scoring
