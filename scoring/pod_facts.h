// What the books need of each pod, kept from step to step for pods that did not change. Private to this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/cluster_snapshot.h"
#include "policy/resolve.h"
#include "scoring/estimate.h"
#include "scoring/node_table.h"

namespace headroom::scoring {

struct PodFact {
  std::shared_ptr<const model::Pod> pod;
  std::size_t uid_hash = 0;
  Estimate estimate;           // on its node; of an unbound pod: on its nominated one
  std::uint32_t node = kNone;  // row of the node it is bound to or, unbound, nominated to
  std::uint32_t members = 0;   // index into PodFacts::memberships
  base::WallTime ready;        // covered by samples whose window starts later than this
  bool counts = false;         // bound and not finished: draws power
  bool finished = false;

  [[nodiscard]] bool nominated() const { return !counts && !finished && node != kNone; }
};

struct PodFacts {
  std::shared_ptr<const model::DeviceClaims> claims;  // that the estimates were made with
  std::vector<PodFact> pods;                          // as in ClusterSnapshot::pods: sorted by uid
  // Distinct sets of policies; [0] is the empty one.
  std::vector<std::vector<policy::PolicyNumber>> memberships{{}};
};

struct FactsInput {
  const model::ClusterSnapshot& snapshot;
  const topology::Compiled& topology;
  const policy::PolicyIndex& policies;
  const NodeTable& table;
  const Settings& settings;
};

// `previous` may be reused only while topology, policies, table and settings are the same; else hand over an empty one.
[[nodiscard]] PodFacts make_facts(PodFacts previous, const FactsInput& input);

// Rows of PodFacts::pods by node: those of node n are order[begin[n]] .. order[begin[n + 1] - 1].
struct PodsByNode {
  std::vector<std::uint32_t> begin;
  std::vector<std::uint32_t> order;
};
[[nodiscard]] PodsByNode group_by_node(const PodFacts& facts, std::size_t nodes);

}  // namespace headroom::scoring
