#include "extender/requeue_plan.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/names.h"
#include "scoring/judge.h"

namespace headroom::extender {
namespace {

using scoring::kNone;
using scoring::Reason;
using PodPointer = std::shared_ptr<const model::Pod>;

constexpr std::string_view kFitsCode = "HeadroomAvailable";
constexpr std::string_view kWritten = "True";
constexpr base::Milliseconds kRarestWake = std::chrono::minutes(5);

// What one pod's candidates say, with the pods woken before it counted as placed.
struct Evaluation {
  std::vector<bool> admits;  // by rack row, the last one for nodes without
  std::uint32_t first_admitting = kNone;
  Reason reason = Reason::none;
  std::int32_t candidates = 0;
  std::size_t verdicts = 0;
  base::Power estimate;
};

std::vector<PodPointer> waiting_pods(const model::ClusterSnapshot& snapshot, std::string_view scheduler_name) {
  std::vector<PodPointer> waiting;
  for (const PodPointer& pod : snapshot.pods) {
    if (pod->unschedulable && pod->scheduler_name == scheduler_name && !model::bound(*pod) && !pod->terminating &&
        !model::finished(*pod)) {
      waiting.push_back(pod);
    }
  }
  std::sort(waiting.begin(), waiting.end(), [](const PodPointer& a, const PodPointer& b) {
    return std::tuple(-std::int64_t{a->priority}, a->created, std::string_view(a->uid)) <
           std::tuple(-std::int64_t{b->priority}, b->created, std::string_view(b->uid));
  });
  return waiting;
}

Reason commonest(const std::array<std::int32_t, scoring::kReasons>& counts) {
  const auto most = std::max_element(counts.begin(), counts.end());
  return *most == 0 ? Reason::none : static_cast<Reason>(most - counts.begin());
}

Evaluation evaluate(const scoring::Books& books, const scoring::LedgerView& ledger, const model::Pod& pod) {
  const scoring::NodeTable& table = *books.table;
  Evaluation result;
  result.admits.assign(table.racks.size() + 1, false);
  std::array<std::int32_t, scoring::kReasons> refusals{};
  scoring::Judge judge(books, ledger, pod);
  for (std::uint32_t row = 0; row < table.nodes.size(); ++row) {
    const scoring::NodeRow& node = table.nodes[row];
    if (node.node->unschedulable || !model::selects(pod, *node.node)) continue;
    ++result.candidates;
    const std::size_t rack = node.rack == kNone ? table.racks.size() : node.rack;
    if (result.admits[rack]) continue;
    ++result.verdicts;
    const scoring::Verdict verdict = judge.judge_row(row);
    if (!scoring::admits(verdict)) {
      ++refusals[static_cast<std::size_t>(verdict.reason)];
      continue;
    }
    result.admits[rack] = true;
    if (result.first_admitting == kNone) {
      result.first_admitting = row;
      result.estimate = verdict.estimate;
    }
  }
  result.reason = commonest(refusals);
  return result;
}

// Rows of the old table's racks under the new one; racks that are new were not admitting.
void follow_table(RequeueState& state, const std::shared_ptr<const scoring::NodeTable>& table) {
  if (state.table == table) return;
  if (state.table != nullptr) {
    for (auto& [uid, memory] : state.pods) {
      std::vector<bool> admits(table->racks.size() + 1, false);
      for (std::size_t old = 0; old < state.table->racks.size() && old < memory.admits.size(); ++old) {
        const std::uint32_t row = table->find_rack(state.table->racks[old].name);
        if (row != kNone) admits[row] = memory.admits[old];
      }
      if (!memory.admits.empty()) admits.back() = memory.admits.back();
      memory.admits = std::move(admits);
    }
  }
  state.table = table;
}

bool has_edge(const std::vector<bool>& before, const std::vector<bool>& now) {
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i] && (i >= before.size() || !before[i])) return true;
  }
  return false;
}

// How long after the last wake the next may come: 2, 4, 8 s; then what keeps the pod waiting is hardly power, so 30 s,
// 1 min, ... 5 min.
base::Milliseconds wake_interval(const PodMemory& memory, const RequeueConfig& config) {
  base::Milliseconds interval = config.first_interval;
  for (int wake = 1; wake < memory.wakes && interval < kRarestWake; ++wake) {
    if (interval < config.longest_interval) {
      interval = std::min(interval * 2, config.longest_interval);
    } else if (interval < config.reason_interval) {
      interval = config.reason_interval;
    } else {
      interval *= 2;
    }
  }
  return std::min(interval, std::max(kRarestWake, config.longest_interval));
}

bool elapsed(const std::optional<base::MonoTime>& since, base::Milliseconds interval, base::MonoTime now) {
  return !since || now >= *since + interval;
}

// The pod's condition as the API server has it, as far as we know: "True", a reason code, or empty.
std::string shown(const model::Pod& pod, const PodMemory& memory) {
  if (!memory.written.empty()) return memory.written;
  if (!pod.headroom) return "";
  return pod.headroom->fits ? std::string(kWritten) : pod.headroom->reason;
}

// One round over the waiting pods.
class Round {
 public:
  Round(const RequeueInput& input, RequeueState state) : input_(input), ledger_(input.ledger) {
    plan_.next = std::move(state);
  }

  RequeuePlan run() {
    const scoring::Books& books = *input_.decision.books;
    RequeueState& state = plan_.next;
    follow_table(state, books.table);
    const auto waiting = waiting_pods(*input_.decision.snapshot, input_.scheduler_name);
    forget_others(waiting);
    const std::size_t first = state.cursor < waiting.size() ? state.cursor : 0;
    std::size_t done = 0;
    while (done < waiting.size() && plan_.patches.size() < input_.most_patches && verdicts_ < input_.most_verdicts) {
      consider(*waiting[(first + done) % waiting.size()]);
      ++done;
    }
    state.cursor = done == waiting.size() || waiting.empty() ? 0 : (first + done) % waiting.size();
    return std::move(plan_);
  }

 private:
  void forget_others(const std::vector<PodPointer>& waiting) {
    std::map<std::string, PodMemory, std::less<>> kept;
    for (const PodPointer& pod : waiting) {
      auto node = plan_.next.pods.extract(pod->uid);
      if (node.empty()) {
        kept.emplace(pod->uid, PodMemory());
      } else {
        kept.insert(std::move(node));
      }
    }
    plan_.next.pods = std::move(kept);
  }

  void consider(const model::Pod& pod) {
    PodMemory& memory = plan_.next.pods.find(pod.uid)->second;
    const Evaluation now = evaluate(*input_.decision.books, *ledger_, pod);
    verdicts_ += now.verdicts;
    if (has_edge(memory.admits, now.admits)) {
      memory.edge_pending = true;
      memory.wakes = 0;
    }
    memory.admits = now.admits;
    if (now.first_admitting != kNone) {
      wake_if_due(pod, now, memory);
    } else if (now.candidates > 0) {
      memory.edge_pending = false;
      memory.wakes = 0;
      refuse_if_due(pod, now, memory);
    }
    note(pod, now);
  }

  void wake_if_due(const model::Pod& pod, const Evaluation& now, PodMemory& memory) {
    if (!memory.edge_pending && memory.wakes == 0) return;
    if (!elapsed(memory.woken_at, wake_interval(memory, input_.config), input_.now)) return;
    memory.edge_pending = false;
    ++memory.wakes;
    memory.woken_at = input_.now;
    memory.written = kWritten;
    add_patch(pod, {std::string(base::names::kHeadroomCondition), kube::ConditionStatus::is_true,
                    std::string(kFitsCode), "there is power and thermal headroom for this pod", input_.wall_now});
    count_as_placed(pod, now);
  }

  void refuse_if_due(const model::Pod& pod, const Evaluation& now, PodMemory& memory) {
    // What only the pods woken in this round take away may still be left over.
    if (ledger_ != input_.ledger) return;
    const scoring::ReasonText& text = scoring::text_of(now.reason);
    const std::string before = shown(pod, memory);
    if (before == text.code) return;
    if (!before.empty() && !elapsed(memory.refused_at, input_.config.reason_interval, input_.now)) return;
    memory.refused_at = input_.now;
    memory.written = text.code;
    add_patch(pod, {std::string(base::names::kHeadroomCondition), kube::ConditionStatus::is_false,
                    std::string(text.code), std::string(text.message), input_.wall_now});
  }

  void add_patch(const model::Pod& pod, kube::PodCondition condition) {
    plan_.patches.push_back({{pod.ns, pod.name, pod.uid}, std::move(condition)});
  }

  void count_as_placed(const model::Pod& pod, const Evaluation& now) {
    const scoring::NodeRow& node = input_.decision.books->table->nodes[now.first_admitting];
    auto entry = std::make_shared<scoring::Reservation>();
    entry->pod_uid = pod.uid;
    entry->pod = model::key_of(pod);
    entry->node = node.node->name;
    if (node.rack != kNone) entry->rack = input_.decision.books->table->racks[node.rack].name;
    entry->estimate = now.estimate;
    entry->priority = pod.priority;
    auto view = std::make_shared<scoring::LedgerView>(*ledger_);
    const auto at = std::lower_bound(view->entries.begin(), view->entries.end(), pod.uid,
                                     [](const auto& other, const std::string& uid) { return other->pod_uid < uid; });
    if (at != view->entries.end() && (*at)->pod_uid == pod.uid) return;  // its binding is on its way already
    view->entries.insert(at, std::move(entry));
    ledger_ = std::move(view);
  }

  void note(const model::Pod& pod, const Evaluation& now) {
    WaitingPod waiting{model::key_of(pod), pod.uid, now.first_admitting != kNone, now.reason, now.candidates, {}};
    for (std::uint32_t rack = 0; rack + 1 < now.admits.size(); ++rack) {
      if (!now.admits[rack]) waiting.refused_racks.push_back(rack);
    }
    plan_.waiting.push_back(std::move(waiting));
  }

  const RequeueInput& input_;
  std::shared_ptr<const scoring::LedgerView> ledger_;  // with the pods woken in this round
  std::size_t verdicts_ = 0;
  RequeuePlan plan_;
};

}  // namespace

RequeuePlan plan_requeue(const RequeueInput& input, RequeueState state) {
  return Round(input, std::move(state)).run();
}

}  // namespace headroom::extender
