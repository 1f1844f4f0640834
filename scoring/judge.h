// One pod against many nodes: may it go there, and how good a place is it. The same object answers filter, prioritize,
// preempt, bind, explain and the requeue loop, so they cannot disagree.
//
// Side-effect free. Make one per request (a few microseconds), use it from one thread, and keep books and ledger alive
// as long as it lives. Judging a name costs well under a tenth of a microsecond; nothing is allocated per node.
//
// Order of the checks, first refusal wins:
//   the pod itself (annotation, policies) -> the node is known -> its topology is valid -> it stands in the topology ->
//   telemetry -> held back by its power cap -> inlet -> elements on the path -> policies' rack limits -> policies'
//   power caps
// A refusal that only objects in mode Recommend ask for becomes would_refuse, and the checks go on.
#pragma once

#include <memory>
#include <string_view>

#include "model/node.h"
#include "model/pod.h"
#include "scoring/books.h"
#include "scoring/estimate.h"
#include "scoring/ledger.h"
#include "scoring/verdict.h"

namespace headroom::scoring {

class Judge {
 public:
  // Load the ledger view before the books (ledger.h). The pod's own reservation and nomination never count against it.
  Judge(const Books& books, const LedgerView& ledger, const model::Pod& pod);
  ~Judge();
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  [[nodiscard]] Verdict judge(std::string_view node_name);
  // A node by value, from a full-Nodes request. One that the books know by name is judged by the books, so that both
  // forms give the same decision; another is judged as an empty machine joining the rack that its labels name.
  [[nodiscard]] Verdict judge(const model::Node& node);
  [[nodiscard]] Verdict judge_row(std::uint32_t node_row);  // REQUIRES: a row of books.table
  // brief() of the same verdict, in less time.
  [[nodiscard]] BriefVerdict judge_row_briefly(std::uint32_t node_row);
  // This row will be judged or scored in a moment; kNone: nothing happens. A hint, worth its while with random rows.
  void expect_row(std::uint32_t node_row) const;

  // 0..10 for prioritize; rank.h says how. Also for nodes that judge() refuses.
  [[nodiscard]] int score(std::string_view node_name);
  [[nodiscard]] int score(const model::Node& node);
  [[nodiscard]] int score_row(std::uint32_t node_row);

  // Of the pod on a node, with its provenance.
  [[nodiscard]] Estimate estimate_on(std::uint32_t node_row);
  [[nodiscard]] const policy::Membership& membership() const;

  // Which view of the books the pod's policies put it in.
  [[nodiscard]] std::uint32_t view() const;

  class Work;
  [[nodiscard]] const Work& work() const { return *work_; }

 private:
  std::unique_ptr<Work> work_;
};

}  // namespace headroom::scoring
