// One thread turns every published cluster snapshot, and at least every second the passing of time, into books, and
// publishes them. The only writer of PublishedDecision.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/published.h"
#include "extender/decision.h"
#include "extender/ledger_guard.h"
#include "extender/wake.h"
#include "model/cluster_snapshot.h"
#include "scoring/books_keeper.h"
#include "scoring/settings.h"

namespace headroom::extender {

// How long a start waits for the first readings. Counters need two polls to become watts, and until a load is known its
// rack would look emptier than it is.
struct Warmup {
  base::Milliseconds most{0};           // decide after this, come what may
  base::Milliseconds for_discovery{0};  // how long exporters that nobody configured may take to be found
};

// Every source has been asked twice, or has failed.
[[nodiscard]] bool first_readings_are_in(const model::TelemetrySnapshot& telemetry);

struct DecisionLoopDependencies {
  const base::Published<model::ClusterSnapshot>& snapshots;
  PublishedDecision& decisions;
  LedgerGuard& ledger;
  base::Clock& clock;
};

struct DecisionTiming {
  base::Milliseconds interval{1'000};
  Warmup warmup;
};

class DecisionLoop {
 public:
  // `on_published` is called on the loop's thread after each publication and must be quick.
  DecisionLoop(DecisionLoopDependencies dependencies, std::shared_ptr<const scoring::Settings> settings,
               DecisionTiming timing, std::function<void()> on_published);
  ~DecisionLoop();
  DecisionLoop(const DecisionLoop&) = delete;
  DecisionLoop& operator=(const DecisionLoop&) = delete;

  void start();
  void stop();
  // A new snapshot has been published. Any thread.
  void notify() { wake_.notify(); }

  // One round: what the thread does. Nothing before the snapshot is complete for the first time.
  void step();

 private:
  [[nodiscard]] bool may_begin(const model::ClusterSnapshot& snapshot);

  DecisionLoopDependencies use_;
  const DecisionTiming timing_;
  std::optional<base::MonoTime> listed_at_;  // first complete snapshot
  std::function<void()> on_published_;
  scoring::BooksKeeper keeper_;
  Wake wake_;
  std::jthread thread_;  // last: joined first
};

}  // namespace headroom::extender
