// PowerCappingPolicy as plain values: what the object says, parsed and defaulted, not yet resolved against a cluster.
// Field meanings: deploy/crds and docs/policies.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/durations.h"
#include "base/units.h"
#include "model/labels.h"

namespace headroom::model {

enum class EnforcementMode { enforce, recommend };
// Ordered by strictness: a larger value is stricter.
enum class StaleTelemetry { fail_open = 0, assume_peak = 1, fail_closed = 2 };

struct RackConstraint {
  std::string rack;
  std::optional<base::Power> max_power;
  std::optional<base::Temperature> max_inlet;

  bool operator==(const RackConstraint&) const = default;
};

using ParameterValue = std::variant<bool, std::int64_t, double, std::string>;

struct CustomAlgorithm {
  std::string name;
  std::map<std::string, ParameterValue> parameters;

  bool operator==(const CustomAlgorithm&) const = default;
};

// Explicit caps of the nodes that a policy may act on (PowerTopology.spec.policyNodeCaps) and whose labels match.
struct NodeCap {
  Labels node_selector;                           // empty: every node
  std::optional<base::Power> cpu_package;         // of each CPU package
  std::optional<base::Power> gpu;                 // of each physical GPU or module
  std::optional<base::Power> node;                // of the whole node, at its inlet
  std::int32_t short_term_percent = 110;          // PL2 as percent of PL1
  std::optional<base::Milliseconds> time_window;  // of PL1; nothing: left alone

  bool operator==(const NodeCap&) const = default;
};

struct PerformancePowerRatio {
  double target_ratio = 0;
  std::optional<std::int32_t> tolerance_percent;

  bool operator==(const PerformancePowerRatio&) const = default;
};

struct PolicyObject {
  std::string ns;
  std::string name;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;

  base::Power power_cap_limit;
  std::vector<RackConstraint> rack_constraints;
  std::optional<LabelSelector> selector;  // nothing: every pod of the namespace
  EnforcementMode mode = EnforcementMode::enforce;
  std::optional<std::int32_t> priority;
  std::int32_t capping_threshold_percent = 90;
  std::optional<StaleTelemetry> on_stale;
  std::optional<base::Seconds> max_telemetry_age;
  std::optional<PerformancePowerRatio> performance_power_ratio;
  std::string performance_query;  // PromQL; empty: the namespace's generated vLLM tokens a second
  std::vector<NodeCap> node_caps;
  std::vector<CustomAlgorithm> custom_algorithms;  // customAlgorithm and customAlgorithms[] merged

  // Fields that are present but that this version does not evaluate, as paths ("spec.scaling"). Status shows them.
  std::vector<std::string> not_evaluated;

  bool operator==(const PolicyObject&) const = default;
};

[[nodiscard]] inline std::string key_of(const PolicyObject& policy) {
  return policy.ns + "/" + policy.name;
}

}  // namespace headroom::model
