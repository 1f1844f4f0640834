#include "extender/requeue_loop.h"

#include <algorithm>
#include <utility>

#include "runtime/logging.h"

namespace headroom::extender {
namespace {

constexpr std::string_view kLog = "requeue";
constexpr base::Milliseconds kLeasePeriod{2'000};
// Without new books a round still comes this often: intervals elapse.
constexpr base::Milliseconds kRoundPeriod{500};

bool any_waiting(const model::ClusterSnapshot& snapshot, std::string_view scheduler_name) {
  return std::any_of(snapshot.pods.begin(), snapshot.pods.end(),
                     [&](const auto& pod) { return pod->unschedulable && pod->scheduler_name == scheduler_name; });
}

PatchResult result_of(const base::Status& status, const RequeuePatch& patch) {
  if (status) {
    return patch.condition.status == kube::ConditionStatus::is_true ? PatchResult::woken : PatchResult::reason_written;
  }
  const base::ErrorKind kind = status.error().kind;
  return kind == base::ErrorKind::not_found || kind == base::ErrorKind::conflict ? PatchResult::gone
                                                                                 : PatchResult::failed;
}

}  // namespace

bool is_beside(const std::optional<std::string>& holder, std::string_view identity) {
  if (!holder) return true;  // no Lease: a scheduler without leader election
  if (identity.empty()) return false;
  return *holder == identity ||
         (holder->size() > identity.size() && holder->compare(0, identity.size(), identity) == 0 &&
          (*holder)[identity.size()] == '_');
}

std::string_view to_string(PatchResult result) {
  switch (result) {
    case PatchResult::woken: return "woken";
    case PatchResult::reason_written: return "reason_written";
    case PatchResult::gone: return "gone";
    case PatchResult::failed: return "failed";
  }
  return "failed";
}

RequeueLoop::RequeueLoop(RequeueDependencies dependencies, const Config& config, std::string identity,
                         std::function<void(PatchResult)> on_patch)
    : use_(dependencies),
      config_(config.requeue),
      scheduler_name_(config.scheduler_name),
      identity_(std::move(identity)),
      on_patch_(std::move(on_patch)),
      view_(std::make_shared<const RequeueView>()) {}

RequeueLoop::~RequeueLoop() {
  stop();
}

bool RequeueLoop::leads() {
  const base::MonoTime now = use_.clock.mono_now();
  if (lease_read_at_ && now < *lease_read_at_ + kLeasePeriod) return leader_;
  lease_read_at_ = now;
  auto holder = use_.lease.holder();
  if (!holder) {
    // An API server that does not answer takes no patches either: what was true stays.
    runtime::log_debug(kLog, "cannot read the scheduler's Lease", {{"error", holder.error().message}});
    return leader_;
  }
  const bool beside = is_beside(*holder, identity_);
  holder_ = holder->value_or("");
  if (beside != leader_) {
    runtime::log_info(kLog, beside ? "the scheduler beside us leads" : "another scheduler leads",
                      {{"holder", holder_}});
    state_ = RequeueState();  // what another extender wrote meanwhile stands in the pods
  }
  leader_ = beside;
  return leader_;
}

void RequeueLoop::step(const std::stop_token& stop) {
  const auto ledger = use_.ledger.view();
  const auto decision = use_.decisions.load();
  if (decision == nullptr) return;
  auto view = std::make_shared<RequeueView>();
  view->decision = decision;
  std::vector<RequeuePatch> patches;
  if (!any_waiting(*decision->snapshot, scheduler_name_)) {
    state_ = RequeueState();
  } else if (leads()) {
    const auto budget = static_cast<std::size_t>(std::max<std::int64_t>(1, config_.patches_per_second / 2));
    RequeuePlan plan = plan_requeue({*decision, ledger, config_, scheduler_name_, use_.clock.mono_now(),
                                     use_.clock.wall_now(), config_.enabled ? budget : 0},
                                    std::move(state_));
    state_ = std::move(plan.next);
    view->waiting = std::move(plan.waiting);
    patches = std::move(plan.patches);
  }
  view->leader = leader_;
  view->holder = holder_;
  view_.publish(std::move(view));
  carry_out(patches, stop);
}

void RequeueLoop::carry_out(const std::vector<RequeuePatch>& patches, const std::stop_token& stop) {
  const base::Microseconds gap{1'000'000 / config_.patches_per_second};
  base::MonoTime next = use_.clock.mono_now();
  bool reachable = true;
  for (const RequeuePatch& patch : patches) {
    if (!reachable) {
      forget(patch);
      continue;
    }
    if (use_.clock.wait_until(next, stop) == base::WaitResult::stop_requested) return;
    next = use_.clock.mono_now() + gap;
    const base::Status status = use_.conditions.write(patch.pod, patch.condition);
    const PatchResult result = result_of(status, patch);
    if (on_patch_) on_patch_(result);
    if (result != PatchResult::failed) continue;
    runtime::log_warning(kLog, "cannot write the pod's condition",
                         {{"pod", patch.pod.ns + "/" + patch.pod.name}, {"error", status.error().message}});
    forget(patch);
    // One call that waits for its deadline is enough; the rest comes again.
    reachable = status.error().kind != base::ErrorKind::unavailable;
  }
}

void RequeueLoop::forget(const RequeuePatch& patch) {
  // What stands in the pod is not what we meant to write; the intervals still hold.
  const auto memory = state_.pods.find(patch.pod.uid);
  if (memory != state_.pods.end()) memory->second.written.clear();
}

void RequeueLoop::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    do {
      step(stop);
    } while (wake_.wait(use_.clock, use_.clock.mono_now() + kRoundPeriod, stop));
  });
}

void RequeueLoop::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace headroom::extender
