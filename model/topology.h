// PowerTopology as plain values: what the objects say, parsed and defaulted. topology/ compiles them into a graph.
// Field meanings: deploy/crds and docs/topology.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/labels.h"
#include "model/policy.h"

namespace headroom::model {

enum class ElementType { feed, ups, pdu, busway, breaker, rack, cooling_zone };
enum class OutsideNodes { allow, refuse };
enum class Admission { booked, measured };
// Of caps that are derived from element limits.
enum class CappingMode { off, recommend, enforce };
// Where caps that policies declare may act: nowhere; where every pod but DaemonSets' is a member; anywhere. Ordered by
// strictness: a smaller value is stricter.
enum class PolicyNodeCaps { deny = 0, exclusive = 1, any = 2 };

struct FeedShare {
  std::string name;
  std::int32_t share_percent = 100;

  bool operator==(const FeedShare&) const = default;
};

struct PowerElement {
  std::string name;
  ElementType type = ElementType::rack;
  base::Power rated;
  std::int32_t continuous_percent = 80;
  std::int32_t emergency_percent = 100;
  std::vector<FeedShare> fed_by;
  std::optional<base::Temperature> max_inlet;
  std::string cooling_zone;
  base::Power base_load;  // baseWatts: what is not a node
  std::string meter_query;
  std::string meter_freshness_query;
  std::string inlet_query;

  bool operator==(const PowerElement&) const = default;
};

// What a kind of machine draws. Also the extender's defaultNodeClass.
struct NodeClass {
  LabelSelector selector;
  base::Power idle;
  std::optional<base::Power> max;  // nothing: unknown, no clamp and no plausibility limit
  base::Power watts_per_core;
  std::map<std::string, base::Power> device_watts;  // peak by extended resource or DRA class
  base::Power overhead;                             // fans, NIC, PSU loss: what CPU and GPU readings do not cover

  bool operator==(const NodeClass&) const = default;
};

struct TopologyObject {
  std::string name;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;

  std::string rack_label;  // defaulted
  OutsideNodes nodes_outside = OutsideNodes::allow;
  EnforcementMode mode = EnforcementMode::enforce;
  Admission admission = Admission::booked;
  StaleTelemetry on_stale = StaleTelemetry::assume_peak;
  base::Seconds max_telemetry_age{60};
  CappingMode capping = CappingMode::off;
  std::optional<LabelSelector> capping_node_selector;  // nothing: every node under these elements
  std::int32_t capping_threshold_percent = 90;
  PolicyNodeCaps policy_node_caps = PolicyNodeCaps::exclusive;
  std::vector<std::string> trusted_namespaces;
  std::string rack_meter_query;
  std::string rack_meter_freshness_query;
  std::string rack_inlet_query;
  std::string rack_inlet_freshness_query;
  std::vector<PowerElement> elements;
  std::vector<NodeClass> node_classes;

  std::vector<std::string> not_evaluated;

  bool operator==(const TopologyObject&) const = default;
};

}  // namespace headroom::model
