// NodePowerCap as plain values: the order that the controller gives one node (spec), and what the node's agent has done
// about it (status). Field meanings: deploy/crds and docs/caps.md. JSON: policy/node_power_cap_json.h.
//
// Spec is the controller's alone, status the agent's. All watts are at the node's inlet unless a field says otherwise.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/units.h"

namespace headroom::model {

// Orders everything that any leader ever wrote to one object. The API server refuses a change of spec whose stamp is
// not strictly larger. A later leader has a larger epoch; within an epoch the sequence grows.
struct CapStamp {
  std::int64_t epoch = 0;     // from 1; 0: none
  std::int64_t sequence = 0;  // from 1

  auto operator<=>(const CapStamp&) const = default;
};

// Far from 2^53, above which JSON readers begin to round. Reached by no number of leader changes.
inline constexpr std::int64_t kMaxCapEpoch = 1'000'000'000'000;
inline constexpr std::int64_t kMaxCapSequence = 1'000'000'000'000;

struct NodePowerCapSpec {
  CapStamp stamp;
  // What the node may draw. Nothing: only the explicit caps below hold.
  std::optional<base::Power> budget;
  // What it drops to once the controller has been silent past the grace time: min(current, fallback). Nothing: it keeps
  // what it has.
  std::optional<base::Power> fallback;
  // What the node draws outside the domains that can be capped; the agent uses the larger of this and its own.
  base::Power reserve;
  // The largest budget written after the last acknowledged one, where it is above `budget`: the agent may still be
  // acting on it. It counts as charged until status.observed has reached `stamp`. For the controller, not the agent.
  std::optional<base::Power> unacknowledged_budget;
  std::optional<base::Power> cpu_package;          // explicit cap of each CPU package
  std::optional<base::Power> gpu;                  // explicit cap of each physical GPU or module
  std::optional<std::int32_t> short_term_percent;  // PL2 as percent of PL1, 1..200; nothing: the agent's default
  std::optional<base::Milliseconds> time_window;   // of PL1; nothing: left alone
  std::optional<base::Power> hard_limit;           // above it for 2 s: brake
  // Until then the agent brakes. On the controller's clock, as the heartbeat's renewTime is: the agent takes the
  // difference of the two and counts it by its own CLOCK_BOOTTIME from the receipt.
  std::optional<base::WallTime> brake_until;
  // Restore the originals. The only way in which a controller lets go of a node.
  bool release = false;

  bool operator==(const NodePowerCapSpec&) const = default;
};

// Writes nothing; acts on orders; keeps caps while the controller is silent; fell back after the grace time; brakes;
// ends; gives the originals back.
enum class CapState { observe, active, holding, safe, emergency, stopping, releasing };

// contested: somebody else keeps changing it. hung: a call has not returned. mismatch: reads back otherwise than
// written.
enum class DomainHealth { ok, readonly, unsupported, contested, hung, lost, mismatch };

struct CapDomain {
  std::string id;                       // "rapl/package-0", "gpu/<UUID>", "hwmon/amdgpu/<PCI address>"
  std::string kind;                     // "package", "dram", "gpu", ...
  std::optional<base::Power> cap;       // asked for; nothing: at its original
  std::optional<base::Power> enforced;  // read back
  DomainHealth health = DomainHealth::ok;
  std::optional<base::Power> measured{};  // as the agent meters it; nothing: no usable sample

  bool operator==(const CapDomain&) const = default;
};

// The last order that is in force on the hardware: read back, and the averaging window has passed.
struct ObservedCap {
  std::string uid;  // of the NodePowerCap: a recreated object begins anew
  CapStamp stamp;

  bool operator==(const ObservedCap&) const = default;
};

struct CapCondition {
  std::string type;
  bool holds = false;  // "True" or "False"
  std::string reason;
  std::string message;
  std::optional<base::WallTime> since;  // lastTransitionTime

  bool operator==(const CapCondition&) const = default;
};

struct NodePowerCapStatus {
  std::optional<CapState> state;  // nothing: no agent has spoken yet
  std::string boot_id;            // of the node, when the caps were applied
  // Upper bound of what the caps in force allow the node: reserve, plus every domain that is not ok at its ceiling.
  std::optional<base::Power> applied;
  std::optional<base::Power> min;  // the lowest and highest budget that makes sense on this node
  std::optional<base::Power> max;
  std::optional<base::Power> measured;  // the capped domains and the reserve, as the agent meters them
  std::optional<ObservedCap> observed;
  std::vector<CapDomain> domains;  // sorted by id
  std::vector<CapCondition> conditions;
  std::optional<base::WallTime> last_updated;

  bool operator==(const NodePowerCapStatus&) const = default;
};

// Condition types that an agent sets and the controller reads.
inline constexpr std::string_view kCapConditionReady = "Ready";            // in control of at least one domain
inline constexpr std::string_view kCapConditionInfeasible = "Infeasible";  // floors exceed the budget: floors hold
inline constexpr std::string_view kCapConditionThrottled = "Throttled";    // demand is above the cap

struct NodePowerCap {
  std::string name;  // of its node
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  bool release_requested = false;  // base::names::kReleaseAnnotation: a person asked for the release of this node
  std::string release_answer;      // base::names::kReleaseAnswerAnnotation
  NodePowerCapSpec spec;
  NodePowerCapStatus status;

  bool operator==(const NodePowerCap&) const = default;
};

inline constexpr std::array<std::pair<std::string_view, CapState>, 7> kCapStates{{
    {"Observe", CapState::observe},
    {"Active", CapState::active},
    {"Holding", CapState::holding},
    {"Safe", CapState::safe},
    {"Emergency", CapState::emergency},
    {"Stopping", CapState::stopping},
    {"Releasing", CapState::releasing},
}};
inline constexpr std::array<std::pair<std::string_view, DomainHealth>, 7> kDomainHealths{{
    {"OK", DomainHealth::ok},
    {"READONLY", DomainHealth::readonly},
    {"UNSUPPORTED", DomainHealth::unsupported},
    {"CONTESTED", DomainHealth::contested},
    {"HUNG", DomainHealth::hung},
    {"LOST", DomainHealth::lost},
    {"MISMATCH", DomainHealth::mismatch},
}};

// The agent has put this very order into force.
[[nodiscard]] inline bool acknowledged(const NodePowerCap& cap) {
  return cap.status.observed && cap.status.observed->uid == cap.uid && cap.status.observed->stamp >= cap.spec.stamp;
}

}  // namespace headroom::model
