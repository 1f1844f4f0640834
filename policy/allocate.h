// Who gets how many watts: one round of the controller's decision. Pure: the same input gives the same output.
//
// Input says what is (limits, nodes, their NodePowerCaps, draws, what policies ask for); output says which
// NodePowerCaps to write, in which order, and what to tell people. The caller makes the input from books
// (scoring/cap_input.h), fills the fencing fields (stamp, uid, resourceVersion) and writes; what it writes comes back
// with the next input.
//
// Guarantees, whatever the input:
//   - No write takes a sum of charges past a limit that was not past it, nor further past one that was, in any order in
//     which the writes arrive, and by any leader. What is past a limit without us is reported as excess.
//   - Nothing is raised under an element until every NodePowerCap under it bears the leader's epoch.
//   - No budget below the node's floor (status.minWatts); where floors do not fit, they hold and it is reported.
//   - Nothing is ordered for nodes and limits that are not opted in.
//   - A reserve that grows is told under the same budget: the domains give the watts.
//   - Where floors leave no room for it the agent reports what it really needs, and the node is charged that: excess,
//     as everything that is not ours.
//
// How budgets come about (docs/caps.md in words): floors, then 110 % of each node's uncapped demand by priority, then
// all that is left by the room up to the class maximum. A budget is lowered only where a limit needs it: its sum does
// not fit, or a node with more demand waits for the watts. It is raised when more than max(5 %, 20 W) come of it
// (or the last watts up to the class maximum for a node that wants them).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "model/node.h"
#include "model/node_power_cap.h"
#include "policy/charge.h"
#include "topology/compile.h"

namespace headroom::policy {

enum class LimitKind {
  element,      // Compiled::elements[subject]
  policy,       // powerCapLimit of policy number `subject`, over the nodes that it may cap
  policy_rack,  // a rack limit of policy number `subject`, likewise
};

// The air at the inlets below a limit. unknown: it was too warm when its sensors fell silent.
enum class InletAir { cool, too_warm, unknown };

// One limit in watts over a set of nodes.
struct CapLimit {
  LimitKind kind = LimitKind::element;
  std::string name;           // unique; what memory and reports know it by: "rack-1", "llm/chat", "llm/chat at rack-1"
  std::uint32_t subject = 0;  // see kind
  base::Power capacity;       // what charges are compared with: the limit less what is no node (unmanaged)
  base::Power load;           // drawn now under `full`, what is no node included
  base::Power full;           // the limit that `load` is compared with
  base::Power emergency;      // above it the nodes below are braked; 0: never
  base::Share threshold = base::percent(90);  // of `full`: above it (10 s mean) budgets tighten; ends 5 points below
  model::EnforcementMode mode = model::EnforcementMode::enforce;  // recommend: counted in reports, orders nothing
  // Too warm: what may be drawn shrinks by a tenth a minute for as long as that lasts, beginning with a tenth less than
  // is drawn. Cool: it grows back likewise. Unknown: it stays where it is.
  InletAir air = InletAir::cool;
};

struct LimitShare {
  std::uint32_t limit = 0;  // AllocateInput::limits
  base::Share share;        // of the node's watts that it carries
};

// What policies' nodeCaps ask of one node, the tightest of each. Only of policies that may act there (tenancy).
struct ExplicitCaps {
  std::optional<base::Power> cpu_package;
  std::optional<base::Power> gpu;
  std::optional<base::Power> node;
  std::optional<std::int32_t> short_term_percent;
  std::optional<base::Milliseconds> time_window;

  [[nodiscard]] bool any() const { return cpu_package || gpu || node; }
  bool operator==(const ExplicitCaps&) const = default;
};

struct CapNode {
  std::string name;
  std::string boot_id;
  base::Power idle;
  base::Power class_max;
  bool class_max_known = false;    // maxWatts of its class, not a guess from cores and devices
  std::vector<LimitShare> limits;  // ascending by limit
  ExplicitCaps asked;
  std::int32_t priority = 0;            // effective (min of policy's and its pods')
  std::optional<base::Power> measured;  // fresh draw, smoothed
  std::optional<base::Power> wall;      // a fresh wall meter
  base::Power expected;                 // what it may draw as far as the books know, for nodes that cannot be capped
  base::Power reserve;                  // outside the domains that can be capped (policy/reserve.h)
  bool opted_in = false;                // the label does not forbid it and the canary selector takes it
  bool deleted = false;                 // its Node is gone, its charge stays for a while
  std::optional<base::Power> deleted_charge;       // as far as the caller knows; else memory, else class_max
  std::shared_ptr<const model::NodePowerCap> cap;  // null: none
  AgentPresence agent = AgentPresence::ready;
  std::optional<base::Power> in_flight;  // ChargeInput::in_flight
};

struct CapTime {
  base::MonoTime mono;
  base::WallTime wall;  // for brakeUntil alone
};

struct CapSettings {
  std::int64_t epoch = 1;                   // the leader's: what its writes will be stamped with
  bool paused = false;                      // no raises, no releases; lowers and brakes go on
  std::int32_t newly_capped_a_minute = 60;  // nodes that get their first order; no bound while a limit is in emergency
  base::Seconds mean_window{10};            // of a limit's load, for the threshold
  base::Seconds brake{30};                  // renewed when less than half of it is left; longer for over 375 nodes
  base::Seconds unheard{300};  // an agent that acknowledges nothing for so long counts as one that cannot be controlled
};

// What one round hands to the next. A leader that has lost it is more cautious for a while, never less.
struct AllocateMemory {
  struct Load {
    base::MonoTime at;
    base::Power load;
  };
  struct Limit {
    std::vector<Load> loads;  // of the last mean_window
    bool tight = false;
    bool braking = false;
    std::optional<base::Power> cool_to;  // in force as its capacity
    base::MonoTime cooled_at{};
  };
  struct Node {
    base::Power charged;                          // for when it is deleted
    std::optional<base::MonoTime> unheard_since;  // since when it has acknowledged nothing new
    model::CapStamp seen;                         // the newest order that it acknowledged
    std::optional<base::MonoTime> first_ordered;
  };
  std::map<std::string, Limit, std::less<>> limits;
  std::map<std::string, Node, std::less<>> nodes;
};

struct AllocateInput {
  CapTime now;
  std::vector<CapLimit> limits;
  std::vector<CapNode> nodes;  // by name, ascending
  CapSettings settings;
};

// Why a NodePowerCap is written, the first that holds. The order of writes is that of this list within a round.
enum class WriteCause : std::uint8_t {
  brake,          // a limit is in emergency
  lower,          // a limit does not fit, or others need the watts
  explicit_caps,  // what policies declare has changed
  first,          // the node gets its first NodePowerCap (create)
  stamp,          // a new leader marks it as its own
  raise,
  fallback,  // nothing but fallback, hard limit or reserve
  release,   // nothing requires a cap here any more, or people asked for the release
};
[[nodiscard]] std::string_view to_string(WriteCause cause);

struct CapWrite {
  std::uint32_t node = 0;  // AllocateInput::nodes
  WriteCause cause = WriteCause::lower;
  bool create = false;           // no NodePowerCap yet: only an explicit POST
  model::NodePowerCapSpec spec;  // complete but for `stamp`
  // The limit that calls for it (lower, brake) or bounds it (raise), if any.
  std::optional<std::uint32_t> limit;
};

// By AllocateInput::nodes.
struct NodeReport {
  Charge charge;
  base::Power demand;                      // uncapped: the class maximum where the budget binds
  std::optional<base::Power> budget;       // in force or just ordered; nothing: none is needed
  bool binding = false;                    // its budget holds it back now
  bool wanted = false;                     // something asks for a cap here
  bool below_floor = false;                // what is asked for lies below status.minWatts: the floor holds
  std::optional<base::Power> recommended;  // budget that limits in mode Recommend would give, where it is lower
  // A release was asked for and is not honoured, because this limit (or an explicit cap: nothing) still needs the cap.
  bool release_refused = false;
  std::optional<std::uint32_t> release_refused_by;
};

// By AllocateInput::limits.
struct LimitReport {
  base::Power charged;    // share x charge, summed
  base::Power excess;     // charged beyond capacity: not ours, see guarantees
  base::Power shortfall;  // floors and what cannot be changed beyond capacity: infeasible (Conflicted)
  base::Power mean_load;
  bool tight = false;  // above the threshold
  bool braking = false;
  std::uint32_t nodes = 0;
  std::uint32_t capped = 0;        // acknowledged, nothing newer under way
  std::uint32_t pending = 0;       // ordered, not acknowledged
  std::uint32_t uncontrolled = 0;  // count at their charge: nothing reaches their hardware
  std::uint32_t binding = 0;
};

struct Allocation {
  std::vector<CapWrite> writes;  // in the order in which to write them; later rounds bring what is left out
  std::vector<NodeReport> nodes;
  std::vector<LimitReport> limits;
  AllocateMemory memory;
};

[[nodiscard]] Allocation allocate(const AllocateInput& input, AllocateMemory memory);

}  // namespace headroom::policy
