// The agent's loop: each tick lists and samples domains, takes the newest order, decides the state, divides the budget,
// writes what must change and says what is in force.
//
// It holds no thread, clock or file. The program calls tick() from one thread with CLOCK_BOOTTIME: when the returned
// time has come, and at once when the inbox has changed (an order, a brake). Time in ticks is spent in backends' calls
// alone, each bounded by its deadline.
//
// Safety rests on three rules, whatever fails:
//   - nothing is written that the journal does not announce, nothing is ever 0 or above the original;
//   - lowers come before raises, and a lower that failed cancels all raises;
//   - what is not known to be capped counts at its ceiling, and the others make room for it.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "rapl-agent/core/agent_report.h"
#include "rapl-agent/core/backend.h"
#include "rapl-agent/core/cap_order.h"
#include "rapl-agent/core/journal_state.h"
#include "rapl-agent/core/settings.h"

namespace headroom::rapl_agent::core {

class AgentBody;

class Agent {
 public:
  // All outlive the agent.
  struct Parts {
    std::vector<Source> sources;
    JournalStore* journal = nullptr;  // REQUIRED
    const CapInbox* inbox = nullptr;  // REQUIRED
    StatusOutbox* outbox = nullptr;   // REQUIRED
  };

  // `recovered` is what the journal gave at start; its state's boot_id is the present boot. Recovered::Kind::locked
  // makes it observe, whatever the settings say. Touches nothing until the first tick.
  Agent(AgentSettings settings, Parts parts, Recovered recovered, base::MonoTime now);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // One turn. Gives the time by which it wants the next; sooner is always fine.
  base::MonoTime tick(base::MonoTime now);

  // SIGTERM: caps become what AgentSettings::on_exit says (by default they stay), the journal is flushed, a last report
  // says Stopping. A restore waits neither for the controller nor for its charge rule, and does not happen while the
  // cluster is paused or an emergency is on. No tick may follow.
  void stop(base::MonoTime now);

 private:
  std::unique_ptr<AgentBody> body_;
};

}  // namespace headroom::rapl_agent::core
