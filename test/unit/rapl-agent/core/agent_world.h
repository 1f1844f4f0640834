// One node with its agent in memory: hardware, journal, inbox, outbox and a clock that tests move.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/durations.h"
#include "rapl-agent/core/agent.h"
#include "test/unit/rapl-agent/core/memory_hardware.h"

namespace headroom::rapl_agent::core::test {

using base::Milliseconds;
using base::Seconds;
using base::watts;

struct MemoryJournal final : JournalStore {
  JournalState state;
  bool fails = false;
  int saves = 0;
  base::Status save(const JournalState& next) override {
    if (fails) return base::unavailable("disk full");
    state = next;
    ++saves;
    return base::ok_status();
  }
};

struct MemoryInbox final : CapInbox {
  CapView view;
  [[nodiscard]] CapView latest() const override { return view; }
};

struct MemoryOutbox final : StatusOutbox {
  AgentReport report;
  void publish(const AgentReport& next) override { report = next; }
};

// An order of object "npc-1": epoch 1, the sequence given.
inline CapOrder order_of(std::int64_t sequence, std::optional<base::Power> budget) {
  CapOrder order;
  order.uid = "npc-1";
  order.spec.stamp = {1, sequence};
  order.spec.budget = budget;
  return order;
}

struct AgentWorld {
  MemoryHardware hardware;
  MemoryJournal journal;
  MemoryInbox inbox;
  MemoryOutbox outbox;
  AgentSettings settings;
  Recovered recovered;
  base::MonoTime now{Seconds(1'000)};
  std::unique_ptr<Agent> agent;

  AgentWorld() {
    settings.mode = AgentMode::enforce;
    recovered.state.boot_id = "boot-1";
  }

  void start() { agent = std::make_unique<Agent>(settings, parts(), recovered, now); }
  // Killed, and started again with what the journal holds.
  void restart() {
    agent.reset();
    recovered.kind = Recovered::Kind::same_boot;
    recovered.state = journal.state;
    start();
  }
  [[nodiscard]] Agent::Parts parts() { return {{hardware.source()}, &journal, &inbox, &outbox}; }

  // The controller renews its heartbeat and the agent runs, a tick every second.
  void run(Seconds length) {
    for (Seconds passed{0}; passed < length; passed += Seconds(1)) {
      now += Seconds(1);
      if (passed.count() % 5 == 0) beat();
      tick();
    }
  }
  // The same with a dead controller.
  void run_silent(Seconds length) {
    const base::MonoTime end = now + length;
    while (now < end) {
      now += Seconds(1);
      tick();
    }
  }
  void beat() {
    inbox.view.heartbeat = inbox.view.heartbeat.value_or(base::WallTime(Seconds(1'800'000'000))) + Seconds(5);
  }
  void tick() { agent->tick(now); }
  void give(const CapOrder& order) {
    inbox.view.presence = CapView::Presence::present;
    inbox.view.order = order;
  }
  // Started with the order and run until everything has settled.
  void settle_under(const CapOrder& order, Seconds length = Seconds(20)) {
    if (!agent) start();
    give(order);
    run(length);
  }
  [[nodiscard]] const AgentReport& report() const { return outbox.report; }
  [[nodiscard]] const DomainReport& domain(const std::string& id) const {
    return *std::find_if(report().domains.begin(), report().domains.end(), [&](const auto& d) { return d.id == id; });
  }
};

}  // namespace headroom::rapl_agent::core::test
