// All PowerTopology objects of a cluster, checked together and turned into what admission needs: for every rack the
// elements above it with the share of the rack's watts that each carries.
//
// All objects form one graph; an element is an end of power (Rack), a source (Feed) or something between. Validity is
// per connected component:
//   valid         its current version is in force
//   last valid    it is invalid now; the version that was in force before (previous), or else the one that the
//                 controller stored (last_valid), stays in force
//   refused       it is invalid and no earlier version is known: its racks take no pods ("power topology invalid").
//                 A rack that an invalid version adds is refused too. Never unlimited.
// An object that could not even be read counts as its newest readable version. Where none is known, nobody can say
// which racks it names, so every rack that no other object names is refused.
//
// compile() is a pure function; Compiled is an immutable value, safe to read from any thread, and independent of the
// order of the objects.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "model/cluster_snapshot.h"
#include "model/topology.h"
#include "topology/stale_rule.h"

namespace headroom::topology {

// Index into Compiled::elements of the same Compiled. Not stable from one Compiled to the next: keep names instead.
using ElementIndex = std::uint32_t;

struct ElementShare {
  ElementIndex element = 0;
  base::Share share;

  bool operator==(const ElementShare&) const = default;
};

struct Element {
  std::string name;
  model::ElementType type = model::ElementType::rack;
  base::Power rated;
  base::Power limit;      // ratedWatts x continuousPercent: what admission compares with
  base::Power base_load;  // baseWatts
  base::Power emergency;  // ratedWatts x emergencyPercent: above it the nodes below are braked, where capping says so
  model::CappingMode capping = model::CappingMode::off;           // of the object it stands in
  base::Share capping_threshold = base::percent(90);              // likewise, of `limit`
  model::EnforcementMode mode = model::EnforcementMode::enforce;  // recommend: its limit refuses nothing
  std::optional<base::Temperature> max_inlet;                     // racks only
  StaleRule stale;                                                // of the object it stands in
  bool metered = false;  // has a meter query of its own, or is a rack and there is a rackMeterQuery
  bool has_inlet_query = false;
  bool from_last_valid = false;  // its component is invalid now; this is the earlier version
  std::string object;            // metadata.name of the PowerTopology it stands in

  std::vector<ElementShare> children;  // fed by this element directly: share of the child's watts that it carries
  std::vector<ElementShare> feeds;     // feeds this element directly
  // Racks only: the rack itself (100 %) and everything above it, each once, shares multiplied along the way and added
  // over parallel ways. A demand d on the rack adds share x d to each.
  std::vector<ElementShare> path;
};

// Where nodes of a rack stand.
enum class RackStanding {
  in_force,  // element holds the rack
  outside,   // no element names it: Settings::nodes_outside decides
  invalid,   // refused: "power topology invalid"
};

struct RackLookup {
  RackStanding standing = RackStanding::outside;
  ElementIndex element = 0;                                       // only where in_force
  model::EnforcementMode mode = model::EnforcementMode::enforce;  // outside, invalid: recommend refuses nothing
};

// What must agree between objects. Without any object: the defaults.
struct Settings {
  std::string rack_label;
  model::OutsideNodes nodes_outside = model::OutsideNodes::allow;
  model::Admission admission = model::Admission::booked;

  bool operator==(const Settings&) const = default;
};

// Of one PowerTopology object, for its status.
struct ObjectReport {
  std::string name;
  std::int64_t generation = 0;        // 0: unreadable
  std::vector<std::string> problems;  // empty: Valid=True. Each begins with the field it is about
  std::vector<std::string> not_evaluated;
  bool from_last_valid = false;  // some of its elements are in force in an earlier version
  bool refused = false;          // some of its racks are refused, for want of an earlier version
};

struct Compiled {
  bool any_object = false;  // a PowerTopology exists, readable or not
  Settings settings;
  std::vector<Element> elements;  // children before what feeds them, else by name: one forward pass sums loads upwards
  std::map<std::string, ElementIndex, std::less<>> by_name;
  std::map<std::string, model::EnforcementMode, std::less<>> refused_racks;
  // An unreadable object without an earlier version: racks that nobody names are refused, not outside.
  bool refuse_unnamed_racks = false;
  model::EnforcementMode outside_mode = model::EnforcementMode::recommend;  // enforce if any object enforces
  StaleRule stale;  // strictest of all objects: for nodes outside and for decisions without an element

  std::vector<model::NodeClass> node_classes;   // of all objects, by object name, then in the order written
  std::vector<std::string> trusted_namespaces;  // of all objects, sorted
  model::PolicyNodeCaps policy_node_caps = model::PolicyNodeCaps::exclusive;  // the strictest of all objects

  std::vector<ObjectReport> reports;  // by object name

  // The newest readable version of each object, by name, and for each element in force the object it was taken from
  // (parallel to elements). They are what the next compile() falls back to.
  std::vector<std::shared_ptr<const model::TopologyObject>> readable;
  std::vector<std::shared_ptr<const model::TopologyObject>> taken_from;
};

struct CompileInput {
  std::vector<std::shared_ptr<const model::TopologyObject>> objects;
  std::vector<model::UnreadableObject> unreadable;
  std::vector<std::shared_ptr<const model::TopologyObject>> last_valid;  // as stored by the controller
  // What was in force until now; null at start. Only read during the call.
  const Compiled* previous = nullptr;
};
[[nodiscard]] CompileInput compile_input(const model::ClusterSnapshot& snapshot, const Compiled* previous);

// About 2 ms for 1,000 elements: for when topologies change, not for every decision.
[[nodiscard]] Compiled compile(const CompileInput& input);

[[nodiscard]] RackLookup find_rack(const Compiled& compiled, std::string_view rack);

// The rack a node's labels name; nothing when it carries no rack label. The node's last rack, for one that lost its
// label, is the caller's memory.
[[nodiscard]] std::optional<std::string_view> rack_of(const Settings& settings, const model::Labels& node_labels);

// The first class whose selector matches; null: the extender's default class.
[[nodiscard]] const model::NodeClass* node_class_of(const Compiled& compiled, const model::Labels& node_labels);

[[nodiscard]] std::string_view to_string(model::ElementType type);

}  // namespace headroom::topology
