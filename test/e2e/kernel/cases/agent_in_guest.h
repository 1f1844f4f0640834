// The agent's own code on the guest's kernel: its RAPL backend behind its deadlines, its journal, its loop. Only the
// way in (the order) and the way out (the report) are the case's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/durations.h"
#include "rapl-agent/core/agent.h"
#include "rapl-agent/journal/journal.h"
#include "rapl-agent/powercap/rapl_backend.h"
#include "rapl-agent/sysfs/deadlined.h"
#include "runtime/system_clock.h"

namespace headroom::guest {

namespace core = rapl_agent::core;
using base::Seconds;
using base::watts;

struct Inbox final : core::CapInbox {
  core::CapView view;
  [[nodiscard]] core::CapView latest() const override { return view; }
};

struct Outbox final : core::StatusOutbox {
  core::AgentReport report;
  void publish(const core::AgentReport& next) override { report = next; }
};

struct AgentOptions {
  std::string powercap_root = "/sys/devices/virtual/powercap";
  std::string journal_directory = "/run/headroom-case";
  core::AgentSettings settings{};
};

// Enforcing.
[[nodiscard]] AgentOptions enforcing();

class AgentInGuest {
 public:
  // Starts from an empty journal.
  AgentInGuest();
  explicit AgentInGuest(AgentOptions options);

  // Drops the agent as SIGKILL would, and starts another on the same journal.
  void restart();
  void kill() { agent_.reset(), journal_.reset(); }
  void forget() const;

  // A new order: what the node may draw, of which nothing is reserve; or an explicit cap of each package.
  void order_budget(base::Power budget);
  void order_package(base::Power cap);
  void order(core::CapOrder order);
  // The order's memory, to be changed and given again.
  core::CapOrder next_order();

  // Ticks as the loop asks for them, the controller's heartbeat renewed, over so much of the agent's time. That time is
  // stepped, not awaited: only what hangs takes as long as its deadline.
  void run(base::Seconds length);
  // With real CLOCK_BOOTTIME, one tick.
  void tick_now();
  // The same without a heartbeat.
  void tick_silently();
  // A second of the agent's time, and again, until the condition holds. False: not within two minutes; it has then
  // printed what the agent reports.
  [[nodiscard]] bool run_until(const std::function<bool()>& holds);
  void stop() { agent_->stop(now_); }
  void describe() const;

  [[nodiscard]] const core::AgentReport& report() const { return outbox_.report; }
  // Fails the case when there is no such domain.
  [[nodiscard]] const core::DomainReport& domain(const std::string& id) const;
  [[nodiscard]] bool has(const std::string& id) const;
  [[nodiscard]] core::Health health(const std::string& id) const { return domain(id).health; }

 private:
  void beat();

  AgentOptions options_;
  runtime::SystemClock clock_;
  std::shared_ptr<rapl_agent::powercap::RaplBackend> backend_;
  std::unique_ptr<rapl_agent::sysfs::Deadlined> deadlined_;
  std::unique_ptr<rapl_agent::journal::FileJournal> journal_;
  Inbox inbox_;
  Outbox outbox_;
  std::unique_ptr<core::Agent> agent_;
  base::MonoTime now_;
  std::int64_t sequence_ = 0;
};

}  // namespace headroom::guest
