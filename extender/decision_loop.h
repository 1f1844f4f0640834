// One thread turns every published cluster snapshot, and at least every second the passing of time, into books, and
// publishes them. The only writer of PublishedDecision.
#pragma once

#include <functional>
#include <memory>
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

struct DecisionLoopDependencies {
  const base::Published<model::ClusterSnapshot>& snapshots;
  PublishedDecision& decisions;
  LedgerGuard& ledger;
  base::Clock& clock;
};

class DecisionLoop {
 public:
  // `on_published` is called on the loop's thread after each publication and must be quick.
  DecisionLoop(DecisionLoopDependencies dependencies, std::shared_ptr<const scoring::Settings> settings,
               base::Milliseconds interval, std::function<void()> on_published);
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
  DecisionLoopDependencies use_;
  const base::Milliseconds interval_;
  std::function<void()> on_published_;
  scoring::BooksKeeper keeper_;
  Wake wake_;
  std::jthread thread_;  // last: joined first
};

}  // namespace headroom::extender
