// The books: what every node, rack, element and policy counts for at one moment. Immutable once published; any thread.
//
// keep_books() is the one step that makes them, from a snapshot and the memory of the step before. The decision loop
// runs it after every published snapshot and at least every second (ages grow without anything being published).
//
// Loads differ by stale rule: `views[0]` is PowerTopology's own, each element by the rule of the object it stands in;
// one more view stands for each distinct tightening that policies ask for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "model/cluster_snapshot.h"
#include "policy/resolve.h"
#include "scoring/estimate.h"
#include "scoring/inlet.h"
#include "scoring/node_load.h"
#include "scoring/node_table.h"
#include "scoring/rack_gates.h"
#include "scoring/rack_paths.h"
#include "scoring/settings.h"
#include "scoring/verdict.h"
#include "topology/compile.h"

namespace headroom::scoring {

struct ElementLoad {
  base::Power booked;     // U(element) over the booked loads below it
  base::Power present;    // likewise over the present loads
  base::Power unmanaged;  // of it: what is no node
  base::Power measured;   // unmanaged + measured loads below: no estimates
};

struct RackLoad {
  base::Power booked;
  base::Power present;
  InletState inlet = InletState::never;
};

struct View {
  // What policies tighten; both empty in views[0].
  std::optional<model::StaleTelemetry> on_stale;
  std::optional<base::Seconds> max_age;

  std::vector<NodeLoad> nodes;        // by NodeTable::nodes
  std::vector<ElementLoad> elements;  // by Compiled::elements
  std::vector<RackLoad> racks;        // by NodeTable::racks; of a rack in force: as its element
  std::vector<RackGates> gates;       // by NodeTable::racks; the last one: of nodes in no rack
  RackPaths paths;
};

// The inlet of a rack, whatever the view.
struct RackInlet {
  std::optional<model::TemperatureReading> last;        // highest fresh, else the newest
  std::vector<std::pair<base::Temperature, bool>> hot;  // by limit, ascending: no pods for heat
  [[nodiscard]] bool is_hot(base::Temperature limit) const;
};

struct PolicyBooks {
  base::Power load;                // sum over members on nodes of max(estimate, fresh pod watts)
  std::uint32_t members = 0;       // pods that are not finished, bound or not
  std::uint32_t bound = 0;         // of them: on a node
  std::uint32_t placed_by_us = 0;  // of them: by our scheduler
};

// A pod that kube-scheduler promised a node after preemption: holds its estimate there against pods of equal or lower
// priority, until it is bound.
struct Nomination {
  std::string pod_uid;
  std::uint32_t node = kNone;
  base::Power estimate;
  std::int32_t priority = 0;
  std::vector<policy::PolicyNumber> policies;
};

// What people should know. `subject` counts in the table that the kind names.
enum class ConditionKind : std::uint8_t {
  node_class_too_small,  // NodeTable::nodes: believed samples exceed 1.25 x maxWatts
  no_telemetry,          // nodes: no source has ever delivered
  stale_telemetry,       // nodes
  rack_label_lost,       // nodes: stays in its last rack
  node_outside,          // nodes: no element names its rack, though topologies exist
  inlet_missing,         // racks: a limit but never a sensor
  inlet_stale,           // racks: a limit and a silent sensor
  unknown_rack,          // policies: a rackId that no node carries
  no_members,            // policies
  node_deleted_held,     // Books::held: still counted after its Node is gone
};
[[nodiscard]] std::string_view to_string(ConditionKind kind);

struct Condition {
  ConditionKind kind = ConditionKind::no_telemetry;
  std::uint32_t subject = kNone;
  std::uint32_t detail = 0;  // unknown_rack: which of the policy's rackConstraints

  bool operator==(const Condition&) const = default;
};

// A deleted Node that still counts.
struct HeldNode {
  std::string name;
  std::uint32_t rack = kNone;
  base::Power booked;
  base::Power present;
};

// Hashes of the UIDs of pods that the books count as bound (or know as finished): a reservation of one is settled.
class CountedPods {
 public:
  void reserve(std::size_t pods);
  void add(std::size_t uid_hash);
  [[nodiscard]] bool contains(std::string_view uid) const;

 private:
  std::vector<std::uint64_t> slots_;
};

struct Books {
  std::uint64_t snapshot_sequence = 0;
  base::WallTime at;  // the `now` they were made with
  base::WallTime snapshot_built_at;
  model::SyncState sync;

  std::shared_ptr<const topology::Compiled> topology;
  std::shared_ptr<const policy::PolicyIndex> policies;
  std::shared_ptr<const NodeTable> table;
  std::shared_ptr<const Settings> settings;
  std::shared_ptr<const model::DeviceClaims> device_claims;  // of the snapshot; may be null

  std::vector<View> views;              // never empty
  std::vector<base::WallTime> sampled;  // by NodeTable::nodes: end of the newest sample's window; epoch: never
  std::vector<RackInlet> inlets;        // by NodeTable::racks
  std::vector<PolicyBooks> policy;      // by PolicyIndex::policies()
  std::vector<Nomination> nominations;
  std::vector<HeldNode> held;
  std::vector<Condition> conditions;
  CountedPods counted;
  std::uint32_t pods_without_node = 0;  // bound to a node that is neither here nor lately deleted

  // The view for a pod whose policies ask for this much more than PowerTopology. Always a valid index: where there is
  // no such view, the strictest that is.
  [[nodiscard]] std::uint32_t view_of(std::optional<model::StaleTelemetry> on_stale,
                                      std::optional<base::Seconds> max_age) const;
};

// What estimates depend on beside pod and class, by these books; refers into them.
[[nodiscard]] EstimateRules estimate_rules(const Books& books);

// What an element (or a rack, a node) of these books is called, for status and metrics.
[[nodiscard]] std::string describe(const Books& books, const Condition& condition);

}  // namespace headroom::scoring
