#include "extender/bind_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/logging.h"

namespace headroom::extender {
namespace {

constexpr std::string_view kLog = "bind";

BindAnswer failed(BindResult result, std::string error) {
  return {result, std::move(error), {}};
}

std::string described(const kube::BindRequest& binding) {
  return binding.ns + "/" + binding.name;
}

// Ends a claim exactly once: as undecided, should anything be thrown in between.
class UndecidedUntilEnded {
 public:
  UndecidedUntilEnded(LedgerGuard& ledger, const std::string& uid) : ledger_(ledger), uid_(uid) {}
  ~UndecidedUntilEnded() {
    if (!ended_) ledger_.end(uid_, BindEnd::unknown);
  }
  UndecidedUntilEnded(const UndecidedUntilEnded&) = delete;
  UndecidedUntilEnded& operator=(const UndecidedUntilEnded&) = delete;

  void end(BindEnd result) {
    ended_ = true;
    ledger_.end(uid_, result);
  }

 private:
  LedgerGuard& ledger_;
  const std::string& uid_;
  bool ended_ = false;
};

BindAnswer answer_of(const Claim& claim) {
  switch (claim.outcome) {
    case ClaimOutcome::on_other_node:
      return failed(BindResult::busy,
                    "an earlier binding of this pod to node " + claim.other_node + " is not decided yet");
    case ClaimOutcome::in_flight: return failed(BindResult::busy, "this pod is being bound by another request");
    case ClaimOutcome::refused:
    case ClaimOutcome::reserved: break;
  }
  // This text becomes an event: no names and no watts, so that events of many pods are alike. /explain has them.
  return {BindResult::refused, std::string(scoring::text_of(claim.verdict.reason).message) + " at bind time",
          claim.verdict};
}

}  // namespace

std::string_view to_string(BindResult result) {
  switch (result) {
    case BindResult::bound: return "bound";
    case BindResult::already_bound: return "already_bound";
    case BindResult::refused: return "refused";
    case BindResult::busy: return "busy";
    case BindResult::other_node: return "other_node";
    case BindResult::gone: return "gone";
    case BindResult::denied: return "denied";
    case BindResult::unknown: return "unknown";
    case BindResult::not_ready: return "not_ready";
  }
  return "not_ready";
}

BindService::BindService(BindDependencies dependencies, BindConfig config, base::Milliseconds max_books_age)
    : use_(dependencies), config_(config), max_books_age_(max_books_age) {}

BindService::~BindService() {
  stop();
}

BindAnswer BindService::bind(const BindRequest& request) {
  const auto decision = use_.decisions.load();
  if (std::string problem = not_usable(decision.get(), {use_.clock.mono_now(), max_books_age_}); !problem.empty()) {
    return failed(BindResult::not_ready, std::move(problem));
  }
  auto pod = find_pod_by_uid(*decision->snapshot, request.pod_uid);
  if (pod == nullptr) {
    // kube-scheduler's watch can be ahead of ours.
    auto read = use_.binder.get_pod(request.pod_namespace, request.pod_name);
    if (!read && read.error().kind == base::ErrorKind::not_found) return failed(BindResult::gone, "the pod is gone");
    if (!read) return failed(BindResult::not_ready, "cannot read the pod: " + read.error().message);
    if (read->uid != request.pod_uid) return failed(BindResult::gone, "another pod has taken the name");
    pod = std::make_shared<const model::Pod>(*std::move(read));
  }
  if (model::bound(*pod)) {
    if (pod->node_name == request.node) return {BindResult::already_bound, "", {}};
    return failed(BindResult::other_node, "already bound to node " + pod->node_name);
  }
  const Claim claim = use_.ledger.claim(*pod, request.node, use_.decisions, use_.clock.wall_now());
  if (claim.outcome != ClaimOutcome::reserved) return answer_of(claim);
  BindAnswer answer = send(claim.binding, claim.earlier_unknown ? Earlier::undecided : Earlier::none);
  answer.verdict = claim.verdict;
  return answer;
}

// What one reply means for the ledger and for kube-scheduler.
struct BindService::Judgement {
  BindEnd end = BindEnd::unknown;
  BindAnswer answer;
};

BindService::Judgement BindService::judge_reply(const kube::BindReply& reply, const kube::BindRequest& binding,
                                                Earlier earlier) {
  using kube::BindOutcome;
  switch (reply.outcome) {
    case BindOutcome::bound: return {BindEnd::bound, {BindResult::bound, "", {}}};
    case BindOutcome::already_assigned:
      if (reply.assigned_node == binding.node) return {BindEnd::bound, {BindResult::already_bound, "", {}}};
      return {BindEnd::not_bound, failed(BindResult::other_node, "already bound to node " + reply.assigned_node)};
    case BindOutcome::uid_mismatch:
      return {BindEnd::not_bound, failed(BindResult::gone, "another pod has taken the name: " + reply.message)};
    case BindOutcome::gone: return {BindEnd::not_bound, failed(BindResult::gone, "the pod is gone")};
    case BindOutcome::refused:
      // A definite no to this request says nothing of an earlier one that may still be on its way.
      return {earlier == Earlier::undecided ? BindEnd::unknown : BindEnd::not_bound,
              failed(BindResult::denied, "the API server refused the binding: " + reply.message)};
    case BindOutcome::unknown: break;
  }
  return {BindEnd::unknown,
          failed(BindResult::unknown, "outcome of the binding unknown, it is being repeated: " + reply.message)};
}

BindAnswer BindService::send(const kube::BindRequest& binding, Earlier earlier) {
  UndecidedUntilEnded attempt(use_.ledger, binding.uid);
  const kube::BindReply reply = use_.binder.bind(binding);
  Judgement judgement = judge_reply(reply, binding, earlier);
  attempt.end(judgement.end);
  // One line when an outcome becomes unknown and one when it is decided, not one a second in between.
  if (!judgement.answer.error.empty() && !(earlier == Earlier::undecided && judgement.end == BindEnd::unknown)) {
    runtime::log_warning(kLog, "not bound",
                         {{"pod", described(binding)},
                          {"node", binding.node},
                          {"result", to_string(judgement.answer.result)},
                          {"error", judgement.answer.error}});
  }
  return std::move(judgement.answer);
}

void BindService::repeat_unknown() {
  std::vector<kube::BindRequest> bindings = use_.ledger.begin_repeats();
  if (bindings.empty()) return;
  // One call that waits for its deadline in vain is enough for a round, and no round begins where the last one did.
  std::rotate(bindings.begin(), bindings.begin() + static_cast<std::ptrdiff_t>(rounds_++ % bindings.size()),
              bindings.end());
  bool answering = true;
  for (const kube::BindRequest& binding : bindings) {
    if (!answering || stopping_) {
      use_.ledger.end(binding.uid, BindEnd::unknown);
      continue;
    }
    const BindAnswer answer = send(binding, Earlier::undecided);
    if (on_result_) on_result_(answer.result);
    answering = answer.result != BindResult::unknown;
  }
}

void BindService::start(std::function<void(BindResult)> on_result) {
  on_result_ = std::move(on_result);
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (use_.clock.wait_until(use_.clock.mono_now() + config_.repeat_interval, stop) !=
           base::WaitResult::stop_requested) {
      repeat_unknown();
    }
  });
}

void BindService::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  thread_.request_stop();
  thread_.join();
}

}  // namespace headroom::extender
