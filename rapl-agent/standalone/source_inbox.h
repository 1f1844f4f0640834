// A cap source in the place of a controller: it is asked every period, and its answer becomes the order that the agent
// acts by, so that standalone caps go through the same write protocol as any other.
//
// The first order waits until the agent has reported its hardware, which the floor and the maximum need. A controller's
// order, where a NodePowerCap watch is given and has seen one, wins from then on.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "rapl-agent/core/cap_order.h"
#include "rapl-agent/standalone/cap_rule.h"
#include "rapl-agent/standalone/cap_source.h"

namespace headroom::rapl_agent::standalone {

// What the source said last, for people and for the node's annotations.
struct Spoken {
  std::optional<base::Power> power;  // nothing: no answer that still holds, so the floor is the cap
  std::string period;
  MarketFacts market;
  std::string problem;  // why the newest question had no answer; empty: it had one
  std::optional<base::Power> cap;
};

class SourceInbox final : public core::CapInbox {
 public:
  struct Parts {
    std::unique_ptr<CapSource> source;
    base::Clock* clock = nullptr;             // REQUIRED
    const core::CapInbox* cluster = nullptr;  // the NodePowerCap's watch; null: none
    std::function<void()> changed{};          // a new order stands; any thread
  };
  SourceInbox(Settings settings, Parts parts);
  ~SourceInbox() override;

  // Asks the source now and every period, on a thread of its own.
  void start();
  void stop();
  // Asks once, on the caller's thread. For tests and for start()'s thread.
  void look();
  // From the agent's report. Any thread.
  void learn(const Hardware& hardware);

  [[nodiscard]] core::CapView latest() const override;
  [[nodiscard]] Spoken spoken() const;

 private:
  // Both under mutex_.
  void decide(base::WallTime now);
  [[nodiscard]] bool governed_by_cluster(const core::CapView& seen) const;

  const Settings settings_;
  Parts parts_;
  const std::string uid_;  // of this process' orders

  mutable std::mutex mutex_;
  std::optional<Hardware> hardware_;
  std::optional<SourcePower> answer_;
  base::WallTime answered_at_{};
  std::string problem_;
  std::optional<core::CapOrder> order_;
  mutable bool cluster_spoke_ = false;

  std::jthread thread_;
};

}  // namespace headroom::rapl_agent::standalone
