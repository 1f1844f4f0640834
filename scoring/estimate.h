// What a pod will draw at its peak on a node of some class (docs/scoring.md).
//
//   annotation expected-watts, else deviceWatts of its devices + CPU (limit, else request) x wattsPerCore,
//   at least min_pod. The annotation may raise, up to maxWatts of the class; it lowers only in trusted namespaces.
//   CPU watts never exceed what the node's capacity can draw.
//   Devices are extended resources and those of resource claims (DRA), by device class; of alternatives the one with
//   most watts, until one is allocated. A claim that nobody can read, and an unallocated request for all devices of a
//   class, count what one pod may draw there at most. A device that the class gives no watts to counts none, and where
//   it gives watts to none, neither does a claim that cannot be read. A claim that several pods share counts for each.
//   A bound pod counts at least what its decision annotation says was granted (annotations are editable: the same cap).
//
// Two steps, so that judging thousands of nodes of few classes reads the pod once per class: demand_of() per (pod,
// class), on_node() per node in constant time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "model/device_claim.h"
#include "model/pod.h"
#include "model/topology.h"
#include "scoring/settings.h"

namespace headroom::scoring {

// Where the number came from.
enum class Provenance : std::uint8_t {
  annotation,  // expected-watts
  devices,     // deviceWatts, with or without CPU
  cpu,         // CPU alone
  minimum,     // min_pod
  decision,    // what bind granted before, higher than what would be estimated now
};
[[nodiscard]] std::string_view to_string(Provenance provenance);

struct Estimate {
  base::Power power;    // what counts
  base::Power cpu;      // the CPU part before any annotation
  base::Power devices;  // the devices' part, at most power
  Provenance provenance = Provenance::minimum;

  bool operator==(const Estimate&) const = default;
};

struct Demand {
  base::Power cpu;      // not yet limited by a node's capacity
  base::Power devices;  // peak of its devices
  base::Power watts_per_core;
  base::Power minimum;
  base::Power most;                      // what an annotation can claim
  std::optional<base::Power> annotated;  // expected-watts, when it is well-formed
  std::optional<base::Power> granted;    // of the decision annotation of a bound pod
  bool may_lower = false;                // its namespace is trusted
  bool malformed = false;                // expected-watts cannot be read: the pod is refused for ever
};

// What of the world, beside pod and class, an estimate depends on.
struct EstimateRules {
  const Settings& settings;
  const std::vector<std::string>& trusted_namespaces;  // sorted
  const model::DeviceClaims* claims = nullptr;         // null: none can be read
};

[[nodiscard]] Demand demand_of(const model::Pod& pod, const model::NodeClass& node_class, const EstimateRules& rules);
// node_cpu_millis: the node's capacity; 0 or less: unknown, no limit.
[[nodiscard]] Estimate on_node(const Demand& demand, std::int64_t node_cpu_millis);

// Value of the annotation expected-watts: decimal watts, "350" or "12.5", at most 10 MW. Error: invalid_input, naming
// the annotation's key.
[[nodiscard]] base::Result<base::Power> parse_expected_watts(std::string_view text);

}  // namespace headroom::scoring
