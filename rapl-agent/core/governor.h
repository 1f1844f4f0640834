// The state machine: which order is in force, whether the controller lives, and what may be done now.
//
//   Observe    nothing is written: not enforcing, or nothing can be capped
//   Active     the controller is alive and its order is in force
//   Holding    it is silent (heartbeat, or the NodePowerCap is gone): caps stay, nothing is raised
//   Safe       silent past the grace time: min(current, fallback), nothing is raised
//   Emergency  brakeUntil, or draw above hardLimitWatts: every domain at its floor; ends in Holding
//   Releasing  spec.release: the originals go back
//   Holding    also while the whole cluster is paused: nothing is raised or given back, new orders still lower
//   Stopping   SIGTERM: caps stay
//
// A value machine: observations in, an Aim out. No I/O, no clock; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "rapl-agent/core/agent_report.h"
#include "rapl-agent/core/cap_order.h"
#include "rapl-agent/core/journal_state.h"
#include "rapl-agent/core/settings.h"

namespace headroom::rapl_agent::core {

// What is to be done until the next tick.
struct Aim {
  AgentState state = AgentState::observe;
  std::string reason;
  std::optional<base::Power> budget;  // of the node; nothing: no budget is in force, caps stay as they are
  std::string budget_source;          // "order", "held", "fallback", "local"
  bool raises = false;
  bool floors = false;  // emergency
  bool release = false;
};

class Governor {
 public:
  // Goes on where the journal ended: its order is in force, its heartbeat counts from when it was seen.
  Governor(const AgentSettings& settings, const Recovered& recovered, base::MonoTime now);

  struct Facts {
    bool hardware = false;                  // something can be capped
    std::optional<base::Power> node_power;  // fresh: nothing when no meter says
  };
  [[nodiscard]] Aim step(const CapView& view, const Facts& facts, base::MonoTime now);

  // The order in force, whoever gave it; survives silence.
  [[nodiscard]] const std::optional<CapOrder>& order() const { return order_; }
  [[nodiscard]] base::MonoTime order_taken_at() const { return order_taken_at_; }
  [[nodiscard]] const std::string& order_problem() const { return order_problem_; }
  [[nodiscard]] std::uint64_t refused_orders() const { return refused_orders_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& failsafe() const { return failsafe_; }
  [[nodiscard]] std::optional<base::WallTime> heartbeat() const { return heartbeat_; }
  [[nodiscard]] std::optional<base::MonoTime> heartbeat_seen() const { return heartbeat_seen_; }
  [[nodiscard]] bool controller_fresh() const { return fresh_; }
  [[nodiscard]] bool paused() const { return paused_; }
  // Where a long silence leads: the order's, or before the first order the local one.
  [[nodiscard]] std::optional<base::Power> fallback() const;
  // Until Holding when fresh, until Safe when not; nothing when that has passed.
  [[nodiscard]] std::optional<base::Microseconds> lease_remaining(base::MonoTime now) const;

 private:
  void take_order(const CapView& view, base::MonoTime now);
  void hear(const CapView& view, base::MonoTime now);
  void set_pause(const CapView& view, base::MonoTime now);
  void spread_raises(base::MonoTime now);
  void set_brake(const CapView& view, base::MonoTime now);
  void watch_hard_limit(std::optional<base::Power> node_power, base::MonoTime now);
  [[nodiscard]] bool braking(base::MonoTime now) const;
  [[nodiscard]] AgentState choose(const Facts& facts, base::MonoTime now);
  [[nodiscard]] Aim aim_of(AgentState state, base::MonoTime now) const;

  AgentSettings settings_;
  std::optional<CapOrder> order_;
  base::MonoTime order_taken_at_;
  std::string order_problem_;
  std::optional<OrderId> refused_;
  std::uint64_t refused_orders_ = 0;

  std::optional<base::WallTime> heartbeat_;
  std::optional<base::MonoTime> heartbeat_seen_;  // its last change
  base::MonoTime heard_at_;                       // the last sign of life with an order present; start when none
  bool watching_ = false;                         // a renewTime was seen since start
  bool fresh_ = false;
  bool ever_fresh_ = false;
  bool paused_ = false;
  base::MonoTime raises_from_{};

  std::optional<OrderId> brake_of_;
  std::optional<base::MonoTime> brake_until_;
  std::optional<base::MonoTime> over_since_;
  std::optional<base::MonoTime> calm_since_;
  bool over_limit_ = false;
  base::MonoTime hold_until_{};

  AgentState state_ = AgentState::holding;
  std::string reason_;
  std::map<std::string, std::uint64_t> failsafe_;
};

}  // namespace headroom::rapl_agent::core
