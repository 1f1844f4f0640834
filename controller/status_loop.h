// One thread: books from every snapshot, and, while this process leads, their statuses, stored specs and Events.
//
// A follower keeps books too, so that it starts warm. Every write is idempotent: whatever fails is planned again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/published.h"
#include "controller/caps_report.h"
#include "controller/edges.h"
#include "controller/event_choice.h"
#include "controller/write_planner.h"
#include "model/cluster_snapshot.h"
#include "scoring/books.h"
#include "scoring/books_keeper.h"
#include "scoring/settings.h"

namespace headroom::controller {

struct StatusLoopEdges {
  base::Clock& clock;
  const base::Published<model::ClusterSnapshot>& snapshots;
  StatusStore& statuses;
  SpecStore& specs;
  const Leadership& leadership;
  EventSink& events;
  // The caps loop's last report; unset: there is none.
  std::function<std::shared_ptr<const CapsReport>()> caps{};
  std::function<void()> on_kept{};  // after each publication of the report, on the loop's thread
};

// For metrics and readiness. Counts since start.
struct LoopReport {
  bool leads = false;
  std::shared_ptr<const scoring::Books> books;             // null: not synced yet
  std::shared_ptr<const model::ClusterSnapshot> snapshot;  // that they were made from
  base::MonoTime kept_at{};
  std::uint64_t writes = 0;
  std::uint64_t write_failures = 0;
};

class StatusLoop {
 public:
  // The edges outlive the loop.
  StatusLoop(StatusLoopEdges edges, std::shared_ptr<const scoring::Settings> settings, base::Milliseconds interval);
  ~StatusLoop();
  StatusLoop(const StatusLoop&) = delete;
  StatusLoop& operator=(const StatusLoop&) = delete;

  void start();
  void stop();
  // One round: what the thread does. For tests.
  void step();

  [[nodiscard]] std::shared_ptr<const LoopReport> report() const { return reports_.load(); }
  [[nodiscard]] const base::Published<LoopReport>& reports() const { return reports_; }

 private:
  [[nodiscard]] bool take_over();
  void write_statuses(const std::vector<DesiredStatus>& plan);
  void write_status(const StatusWrite& write);
  void store_specs(const model::ClusterSnapshot& snapshot, const topology::Compiled& compiled);
  void lead(const std::shared_ptr<const model::ClusterSnapshot>& snapshot);
  void publish();

  StatusLoopEdges use_;
  const base::Milliseconds interval_;
  scoring::BooksKeeper keeper_;
  WritePlanner planner_{WriteLimits{}};
  StoredSpecs stored_;
  EventChoice events_;
  LoopReport now_;
  base::Published<LoopReport> reports_;
  std::jthread thread_;  // last: joined first
};

}  // namespace headroom::controller
