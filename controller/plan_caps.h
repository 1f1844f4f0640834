// What the statuses of policies and topologies say about caps, from the last round of the caps loop. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/caps_report.h"
#include "controller/desired_status.h"

namespace headroom::controller {

// How one node stands with its orders.
enum class NodeCapState {
  none,     // nothing asks for a cap here
  pending,  // ordered or to be ordered, not acknowledged yet
  capped,   // the order that stands is in force
  failed,   // orders do not reach its hardware
};
[[nodiscard]] NodeCapState node_cap_state(const policy::CapNode& node, const policy::NodeReport& report);

struct CapFindings {
  CapNumbers nodes;
  std::vector<StatusCondition> conditions;
  std::optional<RatioNumbers> ratio{};
};

struct CapPlan {
  std::map<std::string, CapFindings, std::less<>> policies;    // by "namespace/name"
  std::map<std::string, CapFindings, std::less<>> topologies;  // by name
  std::string problem;  // why nothing can be ordered now; empty: nothing is in the way
};

// Types and reasons: docs/caps.md.
[[nodiscard]] CapPlan plan_caps(const CapsReport& report);

// Of one object: its findings, and where it declares caps, what keeps them all from being ordered.
[[nodiscard]] CapFindings findings_of(const CapPlan& plan, const model::PolicyObject& policy);
[[nodiscard]] CapFindings findings_of(const CapPlan& plan, const model::TopologyObject& topology);

}  // namespace headroom::controller
