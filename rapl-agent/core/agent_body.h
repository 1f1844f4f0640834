// The parts of the loop behind agent.h.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "rapl-agent/core/agent.h"
#include "rapl-agent/core/budgeting.h"
#include "rapl-agent/core/executor.h"

namespace headroom::rapl_agent::core {

class AgentBody {
 public:
  AgentBody(AgentSettings settings, Agent::Parts parts, const Recovered& recovered, base::MonoTime now);
  base::MonoTime tick(base::MonoTime now);
  void stop(base::MonoTime now);

 private:
  // Looking.
  void look(base::MonoTime now);
  void sample(base::MonoTime now);
  void verify_all(base::MonoTime now);
  void revisit_troubled(base::MonoTime now);
  void verify(const std::vector<Catalog::ControlRef>& controls, base::MonoTime now);
  void judge(const DomainRecord& record, SurfaceState& surface, base::MonoTime now) const;
  void settle(base::MonoTime now);
  // Acting.
  void act(base::MonoTime now);
  bool lower(TargetAim::Raises raises, base::MonoTime now);
  void raise(const BudgetPlan& plan, base::MonoTime now);
  [[nodiscard]] std::vector<WriteJob> jobs_of(const BudgetPlan& plan, Needs needs, base::MonoTime now);
  [[nodiscard]] FieldValues wanted_of(const SurfaceState& surface, const std::optional<base::Power>& cap) const;
  void limit_clocks(base::MonoTime now);
  void forget_given_back();
  void release(base::MonoTime now);
  // What SIGTERM leaves behind, done; gives the sentence for people.
  [[nodiscard]] std::string act_on_exit(base::MonoTime now);
  [[nodiscard]] std::optional<std::uint64_t> clock_limit_of(const std::string& domain) const;
  // Telling.
  enum class Stage { read_back, settled };
  [[nodiscard]] bool in_force(Stage stage) const;
  void acknowledge(base::MonoTime now);
  void save();
  [[nodiscard]] JournalState journal_state() const;
  void tell_changes();
  void tell_state();
  void tell_health();
  enum class Tone { normal, warning };
  void notice(std::string reason, std::string message, Tone tone = Tone::warning);
  [[nodiscard]] AgentReport report(base::MonoTime now) const;
  [[nodiscard]] DomainReport report_of(const DomainRecord& record) const;
  [[nodiscard]] base::MonoTime next_due(base::MonoTime now) const;

  AgentSettings settings_;
  Agent::Parts parts_;
  std::string boot_id_;
  std::vector<std::string> start_notes_;
  Catalog catalog_;
  Governor governor_;
  Executor executor_;
  SlidingP95 beside_;  // what the node draws beside its domains

  Aim aim_;
  Reserve reserve_;
  base::Power shortfall_;
  std::optional<OrderId> read_back_;
  std::optional<OrderId> observed_;
  std::optional<base::Microseconds> last_apply_;
  std::optional<base::MonoTime> last_tick_;
  std::optional<base::MonoTime> sampled_at_;
  std::optional<base::MonoTime> verified_at_;
  std::optional<base::MonoTime> listed_at_;
  std::uint64_t ticks_ = 0;
  bool lowers_done_ = true;
  std::optional<JournalState> saved_;
  std::uint64_t journal_errors_ = 0;
  std::deque<AgentNotice> notices_;
  std::uint64_t notice_number_ = 0;
  AgentState told_state_ = AgentState::observe;
  bool told_infeasible_ = false;
  std::string told_order_problem_;
};

}  // namespace headroom::rapl_agent::core
