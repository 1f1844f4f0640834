// Runs plan_requeue after every publication and carries its patches out, at a bounded rate, while this extender sits
// beside the kube-scheduler that holds the Lease.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/published.h"
#include "extender/config.h"
#include "extender/decision.h"
#include "extender/edges.h"
#include "extender/ledger_guard.h"
#include "extender/requeue_plan.h"
#include "extender/wake.h"

namespace headroom::extender {

// Whether a Lease's holderIdentity ("<host>_<uuid>" of kube-scheduler) is the scheduler beside us.
[[nodiscard]] bool is_beside(const std::optional<std::string>& holder, std::string_view identity);

// What /debug/snapshot and metrics show of the last round.
struct RequeueView {
  bool leader = false;
  std::string holder;
  std::vector<WaitingPod> waiting;
  std::shared_ptr<const Decision> decision;  // what the rack rows count in
};

enum class PatchResult { woken, reason_written, gone, failed };
inline constexpr std::size_t kPatchResults = 4;
[[nodiscard]] std::string_view to_string(PatchResult result);

struct RequeueDependencies {
  const PublishedDecision& decisions;
  const LedgerGuard& ledger;
  PodConditionWriter& conditions;
  SchedulerLease& lease;
  base::Clock& clock;
};

class RequeueLoop {
 public:
  // `identity`: the host name that kube-scheduler beside us uses. `on_patch` hears each patch's result.
  RequeueLoop(RequeueDependencies dependencies, const Config& config, std::string identity,
              std::function<void(PatchResult)> on_patch);
  ~RequeueLoop();
  RequeueLoop(const RequeueLoop&) = delete;
  RequeueLoop& operator=(const RequeueLoop&) = delete;

  void start();
  void stop();
  // New books. Any thread.
  void notify() { wake_.notify(); }
  // One round, patches included; what the thread does. `stop` ends it between patches.
  void step(const std::stop_token& stop);

  // Never null.
  [[nodiscard]] std::shared_ptr<const RequeueView> view() const { return view_.load(); }

 private:
  [[nodiscard]] bool leads();
  void carry_out(const std::vector<RequeuePatch>& patches, const std::stop_token& stop);
  void forget(const RequeuePatch& patch);  // it has not been written

  RequeueDependencies use_;
  const RequeueConfig config_;
  const std::string scheduler_name_;
  const std::string identity_;
  std::function<void(PatchResult)> on_patch_;
  RequeueState state_;
  std::optional<base::MonoTime> lease_read_at_;
  bool leader_ = false;
  std::string holder_;
  base::Published<RequeueView> view_;
  Wake wake_;
  std::jthread thread_;  // last: joined first
};

}  // namespace headroom::extender
