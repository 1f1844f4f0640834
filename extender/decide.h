// From a request and the state of the moment to the answer: pure, and the same for both node forms.
//
// A node sent more than once is answered once. Node objects whose name the books know are judged by the books; others
// (an autoscaler's templates) as empty machines joining the rack that their labels name.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "extender/wire_reply.h"
#include "extender/wire_request.h"
#include "model/pod.h"
#include "scoring/books.h"
#include "scoring/ledger.h"
#include "scoring/verdict.h"

namespace headroom::extender {

// What a decision is based on. Load the ledger view before the books.
struct State {
  const scoring::Books& books;
  const scoring::LedgerView& ledger;
};

using ReasonCounts = std::array<std::uint32_t, scoring::kReasons>;  // by scoring::Reason

struct FilterDecision {
  FilterAnswer answer;
  ReasonCounts refused{};       // nodes
  ReasonCounts would_refuse{};  // nodes that pass only because a policy or topology is in mode Recommend
};
[[nodiscard]] FilterDecision decide_filter(const NodesRequest& request, const model::Pod& pod, const State& state);

[[nodiscard]] std::vector<ScoredNode> decide_prioritize(const NodesRequest& request, const model::Pod& pod,
                                                        const State& state);

// Positions of the candidates on which the pod fits with the victims still there: no watts are credited, because
// terminating pods and lagging meters still hold them.
[[nodiscard]] std::vector<std::uint32_t> decide_preempt(const PreemptRequest& request, const model::Pod& pod,
                                                        const State& state);

// Errors: invalid_input, "Pod: ..." in front.
[[nodiscard]] base::Result<model::Pod> read_pod_of(std::string_view pod_json);

}  // namespace headroom::extender
