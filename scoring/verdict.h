// The answer about one pod on one node. A value without strings: cheap to make by the thousand; explain.h turns it into
// names and watts for people.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/units.h"

namespace headroom::scoring {

enum class Outcome : std::uint8_t {
  feasible,
  refused_now,      // may fit later: load falls, air cools, telemetry returns, a policy changes
  refused_forever,  // does not fit even an empty path, or the pod itself is at fault
  unknown,          // the node is not in the books (not yet seen): counts as refused, never as room
};

// Low-cardinality: this table drives the text in FailedAndUnresolvableNodes, the pod's condition reason, the metric
// label and the table in docs. Never a name or a number.
enum class Reason : std::uint8_t {
  none,
  malformed_expected_watts,
  unknown_policy,
  unreadable_policy,
  node_unknown,
  topology_invalid,
  node_outside_topology,
  no_power_telemetry,
  node_power_capped,  // its budget binds: a NodePowerCap holds it back
  element_power,      // an element above the node has not enough headroom
  rack_policy_power,  // a policy's rackConstraints[].maxPower
  policy_power_cap,   // a policy's powerCapLimit
  inlet_hot,          // PowerTopology's maxInletCelsius
  inlet_stale,        // the rack had a sensor that went silent
  inlet_unknown,      // the rack never had one, and the rule is FailClosed
  rack_policy_inlet,  // a policy's rackConstraints[].maxTemperature
};
inline constexpr std::size_t kReasons = 16;

struct ReasonText {
  Reason reason;
  std::string_view code;     // CamelCase: condition reason, metric label
  std::string_view message;  // what kube-scheduler prints in the event
};
[[nodiscard]] const ReasonText& text_of(Reason reason);

inline constexpr std::uint32_t kNone = UINT32_MAX;  // of the indices below

struct Verdict {
  Outcome outcome = Outcome::unknown;
  Reason reason = Reason::node_unknown;  // none exactly when feasible
  // What would have refused, had a policy or topology in mode Recommend been in force. Set also when feasible.
  Reason would_refuse = Reason::none;

  std::uint32_t element = kNone;  // Compiled::elements: which limit, for element_power
  std::uint32_t policy = kNone;   // PolicyIndex::policies(): whose limit, for the policy reasons
  std::uint32_t rack = kNone;     // Books::racks of the node
  base::Power estimate;           // of the pod on this node
  base::Power demand;             // what the node's booked load would grow by: less than estimate where a clamp acts
  base::Power missing;            // by how much the limit would be passed; 0 where watts were not the matter

  bool operator==(const Verdict&) const = default;
};

[[nodiscard]] constexpr bool admits(const Verdict& verdict) {
  return verdict.outcome == Outcome::feasible;
}

// Of a verdict what filter asks: it does not need to know whether the node could ever take the pod.
struct BriefVerdict {
  Reason reason = Reason::node_unknown;
  Reason would_refuse = Reason::none;

  bool operator==(const BriefVerdict&) const = default;
};

[[nodiscard]] constexpr BriefVerdict brief(const Verdict& verdict) {
  return {verdict.reason, verdict.would_refuse};
}
[[nodiscard]] constexpr bool admits(const BriefVerdict& verdict) {
  return verdict.reason == Reason::none;
}

}  // namespace headroom::scoring
