// One order of the allocation to the API server: stamped, fenced, and repeated where only the agent's status moved.
// Not thread-safe: the caps loop owns it.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "controller/cap_book.h"
#include "controller/cap_edges.h"

namespace headroom::controller {

enum class WriteOutcome {
  written,
  later,        // this node's failed (deleted meanwhile, refused): the next round decides anew
  unreachable,  // the API server does not answer: so it will be for the others
  outranked,    // a later leader has written: this process must not write on what it knows
  term_over,    // too little is left of the term to end a write in it
};

struct CapTarget {
  std::string node;
  std::string node_uid;
  base::Power class_max;
  model::NodePowerCapSpec spec;  // its stamp is the writer's
};

class CapWriter {
 public:
  // `call_timeout`: the longest that one call of the store takes; none begins that could outlast the term.
  CapWriter(CapStore& store, const Tenure& tenure, base::Clock& clock, base::Milliseconds call_timeout)
      : store_(store), tenure_(tenure), clock_(clock), call_timeout_(call_timeout) {}

  [[nodiscard]] WriteOutcome write(CapBook& book, const CapTarget& target);
  // Of the last write that was not written.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  [[nodiscard]] bool may_call() const;
  // After a refusal: the book learns what stands now. Nothing: it may be tried again.
  [[nodiscard]] std::optional<WriteOutcome> read_again(CapBook& book, const CapOrder& refused);

  CapStore& store_;
  const Tenure& tenure_;
  base::Clock& clock_;
  const base::Milliseconds call_timeout_;
  std::string error_;
};

}  // namespace headroom::controller
