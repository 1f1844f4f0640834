// Keeps the node's labels and annotations as the agent's reports say, and the originals there before anything is
// written to hardware.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "rapl-agent/core/agent_report.h"
#include "rapl-agent/core/journal_state.h"
#include "rapl-agent/standalone/node_store.h"
#include "rapl-agent/standalone/source_inbox.h"
#include "runtime/wake.h"

namespace headroom::rapl_agent::standalone {

// A StatusOutbox: takes reports without blocking and writes on a thread of its own, when something changed (at most
// every 10 s) and otherwise once a period for rapl/last-update. Passes every report on to the next outbox, if any.
class NodePublisher final : public core::StatusOutbox {
 public:
  struct Parts {
    NodeStore* store = nullptr;    // REQUIRED; used by the publisher's thread alone
    SourceInbox* inbox = nullptr;  // REQUIRED; learns the hardware
    base::Clock* clock = nullptr;  // REQUIRED
    core::StatusOutbox* next = nullptr;
  };
  NodePublisher(Settings settings, Parts parts);
  ~NodePublisher() override;

  void start();
  void stop();  // writes what is not written yet, if the API server answers
  void publish(const core::AgentReport& report) override;

 private:
  void run(const std::stop_token& stop);
  // Writes if due; gives when to look again.
  base::MonoTime write_if_due(base::MonoTime now);

  const Settings settings_;
  const Parts parts_;
  const base::Milliseconds apart_;

  std::mutex mutex_;
  std::optional<NodeMarks> wanted_;  // guarded by mutex_

  // Of the thread.
  std::optional<NodeMarks> written_;
  base::MonoTime next_change_{};
  base::MonoTime next_refresh_{};
  runtime::Wake wake_;
  std::jthread thread_;
};

// A JournalStore over the agent's own: the originals also go to the node's annotation, before save() returns, whenever
// they or the boot changed. An annotation that could not be written is an error of save() and tried again after a
// pause, so that a silent API server does not hold the agent's loop up at every save.
class NodeJournal final : public core::JournalStore {
 public:
  // All outlive it; `store` is used by the loop's thread alone.
  NodeJournal(core::JournalStore& journal, NodeStore& store, base::Clock& clock)
      : journal_(journal), store_(store), clock_(clock) {}
  base::Status save(const core::JournalState& state) override;

 private:
  core::JournalStore& journal_;
  NodeStore& store_;
  base::Clock& clock_;
  std::string noted_;
  base::Status last_ = base::ok_status();
  base::MonoTime next_try_{};
};

}  // namespace headroom::rapl_agent::standalone
