// The nodes of one snapshot with what does not change from second to second: class, rack, peaks; and the way from a
// name to its row. Built when nodes or topologies change, then shared between successive books. Immutable; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "model/node.h"
#include "model/topology.h"
#include "scoring/settings.h"
#include "scoring/verdict.h"
#include "topology/compile.h"

namespace headroom::scoring {

// 0 is Settings::default_class, n > 0 is Compiled::node_classes[n - 1].
using ClassIndex = std::uint32_t;

// As long as a line of the cache: a request reads those of its nodes in random order.
struct alignas(64) NodeRow {
  std::shared_ptr<const model::Node> node;
  ClassIndex node_class = 0;
  std::uint32_t rack = kNone;  // NodeTable::racks; none: carries no rack label and never did
  base::Power idle;
  std::optional<base::Power> max;
  // max, or else what its cores and devices can draw by its class: the scale of its own headroom.
  base::Power peak;
  std::int64_t cpu_millis = 0;  // node->cpu_millis, beside the rest: judging a name does not visit the Node itself
};

// A value of the rack label that some node, policy or topology names.
struct RackRow {
  std::string name;
  topology::RackLookup lookup;
  std::vector<std::uint32_t> nodes;
};

struct NodeTable {
  std::vector<NodeRow> nodes;               // as in ClusterSnapshot::nodes: sorted by name
  std::vector<std::uint32_t> kept_in_rack;  // rows whose rack label is gone: they stay in their last rack; ascending
  std::vector<RackRow> racks;               // sorted by name
  std::vector<model::NodeClass> classes;

  // Row of a node; kNone: not here.
  [[nodiscard]] std::uint32_t find(std::string_view node_name) const;
  // Of each name. Faster than one after the other where the table has left the cache: the waits for memory overlap.
  [[nodiscard]] std::vector<std::uint32_t> find_all(const std::vector<std::string_view>& node_names) const;
  [[nodiscard]] std::uint32_t find_rack(std::string_view rack) const;

  // Open addressing over `nodes`, a power of two long: hash in the high half, row in the low half; kEmptySlot else. The
  // names stand close together, since kube-scheduler asks for nodes in random order: name r is the text from
  // name_begin[r] to name_begin[r + 1].
  std::vector<std::uint64_t> slots;
  std::string names;
  std::vector<std::uint32_t> name_begin;

 private:
  [[nodiscard]] std::uint32_t find_hashed(std::string_view node_name, std::uint64_t hash) const;
};

struct NodeTableInput {
  const std::vector<std::shared_ptr<const model::Node>>& nodes;
  const topology::Compiled& topology;
  const Settings& settings;
  const std::map<std::string, std::string, std::less<>>& last_racks;  // node -> rack it was last labelled with
  const std::vector<std::string>& policy_racks;                       // named by policies, with nodes or without
};

[[nodiscard]] NodeTable make_node_table(const NodeTableInput& input);

// Class and peaks of a node that is in no table (an autoscaler's template); rack is left to the caller.
[[nodiscard]] NodeRow row_of(std::shared_ptr<const model::Node> node, const std::vector<model::NodeClass>& classes,
                             const topology::Compiled& topology);

}  // namespace headroom::scoring
