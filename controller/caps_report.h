// What the caps loop shows to others: statuses, metrics, readiness. Published as one immutable value after each round.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "controller/ratios.h"
#include "model/cluster_snapshot.h"
#include "policy/allocate.h"
#include "scoring/books.h"
#include "scoring/cap_input.h"

namespace headroom::controller {

// What was decided in one round, and on what.
struct CapRound {
  std::shared_ptr<const model::ClusterSnapshot> snapshot;
  std::shared_ptr<const scoring::Books> books;  // made of it
  scoring::CapInput input;
  policy::Allocation allocation;  // without its memory
  RatioFindings ratios;
};

// Counts since start.
struct CapsReport {
  bool leads = false;
  bool paused = false;
  std::int64_t epoch = 0;
  std::shared_ptr<const CapRound> round;  // of this leadership; null: none yet
  std::uint64_t rounds = 0;               // completed within their deadline
  std::uint64_t rounds_failed = 0;        // without heartbeat
  std::uint64_t writes = 0;
  std::uint64_t write_failures = 0;
  std::uint64_t outranked = 0;  // a later leader's order stood in the way
  base::Microseconds last_round{};
  bool settled = false;  // of this term: there is a round, or it is known why there cannot be one
  std::map<std::string, std::string> unwritten;  // nodes whose order the last round could not write, and why
  std::string problem;                           // why there is no round, or why the last one failed; empty: none
};

}  // namespace headroom::controller
