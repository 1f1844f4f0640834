// The input of the controller's allocation, made from the books: what limits there are, what every node may be charged,
// what policies ask for and where they may. So the controller divides exactly the loads that the extender admits by.
// Pure; any thread.
//
//   Limits    every element that carries power, where its topology's `capping` is not Off; every policy's powerCapLimit
//             and rack limits, over the nodes that the policy may act on
//   Tenancy   a policy acts on a node where every pod but DaemonSets' is a member, and at least one is
//             (PowerTopology.spec.policyNodeCaps: Exclusive); Any: on every node with a member; Deny: nowhere
//   Opt-in    label powercapping.example.com/capping=disabled on the node forbids; the cappingNodeSelector of the
//   object
//             in which the node's rack stands must match (outside every rack: one of the objects' that have one)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/cluster_snapshot.h"
#include "policy/allocate.h"
#include "scoring/books.h"

namespace headroom::scoring {

// What the controller knows beside the snapshot.
struct CapFacts {
  // Nodes whose agent is not ready; all others are.
  std::map<std::string, policy::AgentPresence, std::less<>> agents;
  // ChargeInput::in_flight, by node.
  std::map<std::string, base::Power, std::less<>> in_flight;
  policy::CapSettings settings;
  policy::CapTime now;
};

// How a policy's caps stand on the nodes of its members, for its status.
struct PolicyReach {
  std::vector<std::uint32_t> acting;  // rows of nodes that it may cap
  std::vector<std::uint32_t> shared;  // rows of nodes with members that it may not cap: pods of others are there
  bool denied = false;                // policyNodeCaps: Deny
  bool wants_caps = false;            // it has nodeCaps
};

struct CapInput {
  policy::AllocateInput allocate;
  std::vector<PolicyReach> policies;            // by PolicyIndex::policies()
  std::vector<std::uint32_t> limit_of_element;  // by Compiled::elements; kNone: not capped
  // AllocateInput::nodes that are deleted follow their names like all others: row of each node in NodeTable, or kNone.
  std::vector<std::uint32_t> row_of_node;
};

// `snapshot` is the one that the books were made from.
[[nodiscard]] CapInput cap_input(const Books& books, const model::ClusterSnapshot& snapshot, const CapFacts& facts);

}  // namespace headroom::scoring
