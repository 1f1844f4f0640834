// One thread: while this process leads, it divides the watts and orders them, every 3 s and when policies, topologies
// or nodes change.
//
//   take over    lists all NodePowerCaps, takes a larger epoch than any of them and the election have seen
//   round        input from the books, policy::allocate, writes in its order: at most 100 a second, none that could
//                outlast the term; what is left over comes with the next round, decided anew
//   heartbeat    at most every 5 s, and only after a round that completed within its deadline with the API server
//                answering. Without it agents hold, and fall back after the grace time
//
// Whatever fails is decided again from what is then known; nothing is retried on old knowledge.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/names.h"
#include "base/published.h"
#include "controller/agent_presences.h"
#include "controller/cap_book.h"
#include "controller/cap_edges.h"
#include "controller/cap_writer.h"
#include "controller/caps_report.h"
#include "controller/caps_timing.h"
#include "controller/ratios.h"
#include "controller/reserves.h"
#include "controller/status_loop.h"
#include "policy/allocate.h"
#include "runtime/wake.h"

namespace headroom::controller {

// The two pure steps of a round. Tests put their own in place.
struct CapsDeciding {
  std::function<scoring::CapInput(const scoring::Books&, const model::ClusterSnapshot&, const scoring::CapFacts&)>
      input;
  std::function<policy::Allocation(const policy::AllocateInput&, policy::AllocateMemory)> allocate;
};
[[nodiscard]] CapsDeciding deciding();  // scoring::cap_input and policy::allocate

struct CapsLoopEdges {
  base::Clock& clock;
  const base::Published<LoopReport>& books;
  CapStore& store;
  Heartbeat& heartbeat;
  const Tenure& tenure;
  ReleaseDesk& releases;
};

struct CapsOptions {
  policy::CapSettings settings;
  CapsTiming timing;
  std::string agent_namespace{base::names::kAgentNamespace};
};

class CapsLoop {
 public:
  // The edges outlive the loop. settings: epoch and paused are the loop's.
  CapsLoop(CapsLoopEdges edges, CapsDeciding decide, CapsOptions options);
  ~CapsLoop();
  CapsLoop(const CapsLoop&) = delete;
  CapsLoop& operator=(const CapsLoop&) = delete;

  void start();
  void stop();
  // Thread-safe: new books have been published.
  void books_kept() { wake_.notify(); }
  // One round: what the thread does. For tests.
  void step();

  [[nodiscard]] const base::Published<CapsReport>& reports() const { return reports_; }

 private:
  [[nodiscard]] bool due() const;
  [[nodiscard]] bool take_over(const Term& term);
  // Both: nothing, or why the round is not complete.
  [[nodiscard]] std::string decide_and_write(const LoopReport& kept);
  [[nodiscard]] std::string write(const CapRound& round);
  [[nodiscard]] std::string write_one(const CapRound& round, const policy::CapWrite& write);
  [[nodiscard]] std::shared_ptr<CapRound> decide(const LoopReport& kept);
  void answer_releases(const CapRound& round);
  void beat();
  void refill();
  void give_up_leading();
  void publish();

  CapsLoopEdges use_;
  const CapsDeciding decide_;
  const CapsTiming timing_;
  policy::CapSettings settings_;
  CapWriter writer_;
  CapBook book_;
  AgentPresences agents_;
  policy::AllocateMemory memory_;
  Reserves reserves_;                            // outlives a term: what was metered holds whoever leads
  Ratios ratios_;                                // likewise
  std::optional<std::int32_t> led_transitions_;  // of the term that was taken over
  std::optional<base::MonoTime> last_step_;
  std::optional<base::MonoTime> last_beat_;
  bool left_over_ = false;  // writes wait for the budget
  double tokens_;
  std::optional<base::MonoTime> refilled_at_;
  CapsReport now_;
  base::Published<CapsReport> reports_;
  runtime::Wake wake_;
  std::jthread thread_;  // last: joined first
};

}  // namespace headroom::controller
