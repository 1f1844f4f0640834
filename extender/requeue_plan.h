// Which waiting pods are told that there is headroom again, and which why there is none. Pure: state and facts in,
// patches and the next state out.
//
// kube-scheduler does not retry a refused pod when our state changes, but a patch of the pod's own status condition
// wakes exactly that pod. So:
//   - A pod waits when our scheduler has marked it unschedulable. Where it could go is decided per rack, over nodes
//     that its nodeSelector and required affinity allow.
//   - An edge is a rack that admits the pod now and did not before; the first sight of a pod that fits somewhere is one
//     too. An edge sets the condition to True, at least `first_interval` after the last time.
//   - While the pod fits and still waits, the wake is repeated after 2, 4 and 8 s (what took the room, or a lost race,
//     cannot be told from here), then ever more seldom, from `reason_interval` to 5 min; a new edge starts over.
//   - A pod that fits nowhere gets the condition False with the commonest reason: at once when it has none, a changed
//     one at most every `reason_interval`, because each status patch wakes the pod for nothing.
//   - Pods woken in one round count as placed for the ones after them, by priority and age, so that one free place does
//     not wake everybody.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "extender/config.h"
#include "extender/decision.h"
#include "kube/pod_condition.h"
#include "scoring/books.h"
#include "scoring/ledger.h"
#include "scoring/verdict.h"

namespace headroom::extender {

struct RequeuePatch {
  kube::PodRef pod;
  kube::PodCondition condition;
};

// Of one waiting pod, for /debug/snapshot.
struct WaitingPod {
  std::string pod;  // "namespace/name"
  std::string uid;
  bool fits = false;
  scoring::Reason reason = scoring::Reason::none;  // the commonest refusal; none when it fits everywhere it may go
  std::int32_t candidates = 0;                     // nodes its selectors allow
  std::vector<std::uint32_t> refused_racks;        // rows of Books::table->racks
};

struct PodMemory {
  std::vector<bool> admits;  // by rack row of RequeueState::table, one more for nodes without a rack
  bool edge_pending = false;
  int wakes = 0;  // since the last edge
  std::optional<base::MonoTime> woken_at;
  std::optional<base::MonoTime> refused_at;  // when False was last written
  std::string written;                       // what we wrote last: "True", a reason code, or empty
};

struct RequeueState {
  std::map<std::string, PodMemory, std::less<>> pods;  // by uid
  std::shared_ptr<const scoring::NodeTable> table;     // whose rows PodMemory::admits counts
  std::size_t cursor = 0;                              // where a round that ran out of budget goes on
};

struct RequeueInput {
  const Decision& decision;
  std::shared_ptr<const scoring::LedgerView> ledger;  // loaded before the decision
  const RequeueConfig& config;
  std::string_view scheduler_name;
  base::MonoTime now;
  base::WallTime wall_now;
  std::size_t most_patches = 0;
  std::size_t most_verdicts = 500'000;  // about 100 ms
};

struct RequeuePlan {
  std::vector<RequeuePatch> patches;
  RequeueState next;
  std::vector<WaitingPod> waiting;  // as far as the budget went
};

[[nodiscard]] RequeuePlan plan_requeue(const RequeueInput& input, RequeueState state);

}  // namespace headroom::extender
