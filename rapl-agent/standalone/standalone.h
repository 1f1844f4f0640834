// Standalone mode as one thing that the program puts around its agent: where orders come from, what the agent starts
// from, where its journal also goes, and who hears its reports.
//
//   Standalone mode(settings, parts);
//   auto recovered = mode.recovered(std::move(journal.recovered), *powercap_source.backend, boot_id);
//   Agent agent(mode.adjusted(agent_settings), {sources, &mode.journal(), &mode.inbox(), &mode.outbox()}, ...);
//   mode.start();   ...   mode.stop();
//
// Sources are the CPU packages alone: powercap never knew of others, and its cap has no reserve for them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "kube/config.h"
#include "rapl-agent/core/backend.h"
#include "rapl-agent/core/cap_order.h"
#include "rapl-agent/core/journal_state.h"
#include "rapl-agent/core/settings.h"
#include "rapl-agent/standalone/environment.h"

namespace headroom::rapl_agent::standalone {

class Standalone {
 public:
  // All that is given by reference or pointer outlives it.
  struct Parts {
    base::Clock& clock;  // the system's: local time, waits, deadlines
    core::JournalStore& journal;
    core::StatusOutbox& outbox;
    const core::CapInbox* cluster = nullptr;  // the NodePowerCap's watch; null: none
    std::function<void()> changed{};          // a new order stands; any thread
  };
  // No `api_server`: nothing is published and only the journal remembers.
  Standalone(Settings settings, Parts parts, std::optional<kube::ClientConfig> api_server);
  ~Standalone();  // stops
  Standalone(const Standalone&) = delete;
  Standalone& operator=(const Standalone&) = delete;

  // What the agent starts from (node_marks.h). Reads the limits that stand. Where the journal is not of this boot the
  // node must be readable, or what stands could be taken for originals although an agent before us wrote it: an error
  // then, for the program to end with.
  [[nodiscard]] base::Result<core::Recovered> recovered(core::Recovered journal, core::Backend& packages,
                                                        const std::string& boot_id);
  // Without a reserve, with floors that let the sum fall to RAPL_MIN_POWER. After recovered().
  [[nodiscard]] core::AgentSettings adjusted(core::AgentSettings settings) const;

  [[nodiscard]] core::JournalStore& journal();
  [[nodiscard]] const core::CapInbox& inbox() const;
  [[nodiscard]] core::StatusOutbox& outbox();

  void start();
  void stop();

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace headroom::rapl_agent::standalone
