#include "extender/decide.h"

#include <unordered_set>
#include <utility>

#include "kube/decode.h"
#include "scoring/judge.h"

namespace headroom::extender {
namespace {

// Which nodes of a request have been answered already.
class Answered {
 public:
  explicit Answered(std::size_t rows) : rows_(rows, false) {}

  // True the first time. row: kNone for a node that the books do not know.
  bool first(std::uint32_t row, std::string_view name) {
    if (row == scoring::kNone) return others_.insert(name).second;
    const bool first_time = !rows_[row];
    rows_[row] = true;
    return first_time;
  }

 private:
  std::vector<bool> rows_;
  std::unordered_set<std::string_view> others_;
};

// The node of a request by position, whichever form it came in.
class Candidates {
 public:
  Candidates(const NodesRequest& request, const State& state, const model::Pod& pod)
      : request_(request),
        table_(*state.books.table),
        judge_(state.books, state.ledger, pod),
        answered_(table_.nodes.size()) {}

  // Calls on_node(position, row) once for each distinct node.
  template <class OnNode>
  void each(OnNode on_node) {
    constexpr std::size_t kAhead = 8;
    const std::vector<std::uint32_t> rows = table_.find_all(request_.names);
    for (std::uint32_t position = 0; position < rows.size(); ++position) {
      if (position + kAhead < rows.size()) judge_.expect_row(rows[position + kAhead]);
      if (answered_.first(rows[position], request_.names[position])) on_node(position, rows[position]);
    }
  }

  scoring::BriefVerdict judge(std::uint32_t position, std::uint32_t row) {
    if (row != scoring::kNone) return judge_.judge_row_briefly(row);
    const auto node = template_node(position);
    return brief(node ? judge_.judge(*node) : judge_.judge(request_.names[position]));
  }

  int score(std::uint32_t position, std::uint32_t row) {
    if (row != scoring::kNone) return judge_.score_row(row);
    const auto node = template_node(position);
    return node ? judge_.score(*node) : judge_.score(request_.names[position]);
  }

 private:
  // Nothing for a name alone, and for an object that cannot be read: both are unknown nodes.
  [[nodiscard]] std::optional<model::Node> template_node(std::uint32_t position) const {
    if (request_.form != NodeForm::objects) return std::nullopt;
    auto node = kube::decode_node(kube::PaddedJson::part(request_.objects[position]));
    if (!node) return std::nullopt;
    return *std::move(node);
  }

  const NodesRequest& request_;
  const scoring::NodeTable& table_;
  scoring::Judge judge_;
  Answered answered_;
};

}  // namespace

FilterDecision decide_filter(const NodesRequest& request, const model::Pod& pod, const State& state) {
  FilterDecision decision;
  Candidates candidates(request, state, pod);
  decision.answer.passed.reserve(request.names.size());
  candidates.each([&](std::uint32_t position, std::uint32_t row) {
    const scoring::BriefVerdict verdict = candidates.judge(position, row);
    if (verdict.would_refuse != scoring::Reason::none) {
      ++decision.would_refuse[static_cast<std::size_t>(verdict.would_refuse)];
    }
    if (scoring::admits(verdict)) {
      decision.answer.passed.push_back(position);
      return;
    }
    ++decision.refused[static_cast<std::size_t>(verdict.reason)];
    decision.answer.refused.push_back({position, scoring::text_of(verdict.reason).message});
  });
  return decision;
}

std::vector<ScoredNode> decide_prioritize(const NodesRequest& request, const model::Pod& pod, const State& state) {
  std::vector<ScoredNode> scores;
  Candidates candidates(request, state, pod);
  scores.reserve(request.names.size());
  candidates.each([&](std::uint32_t position, std::uint32_t row) {
    scores.push_back({position, candidates.score(position, row)});
  });
  return scores;
}

std::vector<std::uint32_t> decide_preempt(const PreemptRequest& request, const model::Pod& pod, const State& state) {
  std::vector<std::uint32_t> kept;
  scoring::Judge judge(state.books, state.ledger, pod);
  for (std::uint32_t position = 0; position < request.candidates.size(); ++position) {
    if (scoring::admits(judge.judge(request.candidates[position].node))) kept.push_back(position);
  }
  return kept;
}

base::Result<model::Pod> read_pod_of(std::string_view pod_json) {
  // The slice lies inside a padded body, so the bytes behind it are readable.
  auto pod = kube::decode_pod(kube::PaddedJson::part(pod_json));
  if (!pod) return base::with_context(std::move(pod).error(), "Pod");
  return pod;
}

}  // namespace headroom::extender
