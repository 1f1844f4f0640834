// What the agent says about itself: one value a tick, from which the status of the NodePowerCap, the metrics, Events
// and /debug/state are made. Nothing here is read from hardware by whoever shows it. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "rapl-agent/core/cap_order.h"
#include "rapl-agent/core/domain.h"

namespace headroom::rapl_agent::core {

enum class AgentMode { observe, dry_run, enforce };
[[nodiscard]] std::string_view to_string(AgentMode mode);

using AgentState = model::CapState;
[[nodiscard]] std::string_view to_string(AgentState state);  // "Observe", "Active", ...

struct ControlReport {
  ControlKey key;
  std::optional<std::uint64_t> original;   // as found before our first write; nothing: not known, release leaves it
  std::optional<std::uint64_t> requested;  // what we last asked for
  std::optional<std::uint64_t> read_back;  // newest successful read
};

struct DomainReport {
  std::string id;
  DomainKind kind = DomainKind::cpu_package;
  std::string source;  // Source::name
  std::string label;
  Health health = Health::ok;
  std::string detail;  // a sentence for people when health is not OK: what failed, errno, hint
  bool cappable = false;
  bool metered_only = false;
  std::optional<base::Power> floor;
  std::optional<base::Power> ceiling;
  std::optional<base::Power> original;  // of the lowest long-term limit
  std::optional<base::Power> cap;       // requested; nothing: left at its original
  std::optional<base::Power> enforced;  // read back, lowest of the surfaces; nothing: unknown or not enabled
  base::Power charged;                  // what appliedWatts counts for it
  std::optional<bool> enabled;
  std::optional<base::Power> power;
  base::Energy energy_total;  // since the agent started, over wraps
  std::optional<base::Temperature> temperature;
  std::vector<ControlReport> controls;
  std::uint64_t writes_ok = 0;
  std::uint64_t writes_failed = 0;
  std::uint64_t external_changes = 0;
  std::uint64_t counter_wraps = 0;
  std::map<std::string, std::uint64_t> samples_discarded;  // by reason
  std::map<std::string, std::uint64_t> read_errors;        // by "outcome" or "outcome/errno"
  base::Microseconds over_cap{};                           // time spent above the enforced cap + 5 %
};

// One Event for each, never one a cycle. `number` grows by one; the edge remembers the last it posted.
struct AgentNotice {
  std::uint64_t number = 0;
  std::string reason;  // CamelCase: "DomainReadOnly", "CapInfeasible", "StateChanged", ...
  std::string message;
  bool warning = false;
};

struct AgentReport {
  std::uint64_t ticks = 0;
  AgentMode mode = AgentMode::observe;
  AgentState state = AgentState::observe;
  std::string state_reason;
  std::string boot_id;
  // The order whose caps are read back on every domain that is OK, with their averaging windows passed: the ack.
  std::optional<OrderId> observed;
  std::optional<OrderId> accepted;   // newest order the agent acts by, perhaps not settled yet
  base::MonoTime accepted_at{};      // when it was taken, on the loop's clock
  std::optional<OrderId> read_back;  // newest order that read back everywhere; its windows may still pass
  std::string order_problem;         // why the newest order was refused; empty: it was not

  base::Power applied;                // upper bound of the node's draw: reserve + every domain's charge
  base::Power min;                    // reserve + floors of all cappable domains
  base::Power max;                    // reserve + what the domains draw uncapped: a budget from here on binds nobody
  std::optional<base::Power> budget;  // in force; nothing: none
  std::string budget_source;          // "order", "fallback", "held", "local", "emergency"
  base::Power reserve;
  std::string reserve_basis;  // "order", "meter", "config"
  bool infeasible = false;    // floors and what cannot be changed need more than there is
  base::Power shortfall;      // by this much
  bool hardware = false;      // some domain can be capped
  bool controller_fresh = false;
  bool paused = false;  // the controller's heartbeat says so: nothing is raised or given back
  std::optional<base::Microseconds> lease_remaining;  // until Holding, or until Safe
  std::optional<base::Power> node_power;  // newest node meter; without one, the capped domains and the reserve
  bool throttled = false;                 // some domain draws at its cap

  std::vector<DomainReport> domains;
  std::vector<AgentNotice> notices;  // the newest 32
  std::vector<std::string> notes;    // hints of discovery and recovery
  std::uint64_t refused_orders = 0;
  std::uint64_t refused_values = 0;  // that would have wrapped a register: they were not written
  std::uint64_t journal_errors = 0;
  std::map<std::string, std::uint64_t> failsafe;  // entries of Holding, Safe, Emergency by reason
  std::map<std::string, bool> backend_hung;       // by Source::name
  std::optional<base::Microseconds> last_apply;   // from taking the last order to its ack
};

// Takes the report; must not block the loop. Called once a tick by the loop's thread.
class StatusOutbox {
 public:
  virtual ~StatusOutbox() = default;
  virtual void publish(const AgentReport& report) = 0;
};

}  // namespace headroom::rapl_agent::core
