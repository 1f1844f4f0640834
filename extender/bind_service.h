// The bind verb: compare and reserve, then POST the binding, then say what is known. Never success before the API
// server has accepted.
//
// A binding whose outcome is unknown (no reply, 5xx) keeps its watts, and a thread of its own sends the same POST again
// until the API server says what became of it. While it lasts, binds of that pod to another node answer an error: two
// nodes must not both count on being without it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "extender/config.h"
#include "extender/decision.h"
#include "extender/edges.h"
#include "extender/ledger_guard.h"
#include "extender/wire_request.h"

namespace headroom::extender {

// How one bind call, or one repetition, ended: also the metric label.
enum class BindResult {
  bound,          // 201
  already_bound,  // an earlier try of ours, or the snapshot, shows the pod on this very node
  refused,        // no room any more
  busy,           // an earlier binding of the pod is not decided yet
  other_node,     // the pod is bound elsewhere
  gone,           // deleted, or another pod has its name
  denied,         // the API server says no for good
  unknown,        // no answer yet
  not_ready,      // no books to decide by, or the pod could not be read
};
inline constexpr std::size_t kBindResults = 9;
[[nodiscard]] std::string_view to_string(BindResult result);

struct BindAnswer {
  BindResult result = BindResult::not_ready;
  std::string error;  // empty exactly when the pod is bound to the node
  scoring::Verdict verdict;
};

struct BindDependencies {
  PodBinder& binder;
  LedgerGuard& ledger;
  const PublishedDecision& decisions;
  base::Clock& clock;
};

// Thread-safe.
class BindService {
 public:
  BindService(BindDependencies dependencies, BindConfig config, base::Milliseconds max_books_age);
  ~BindService();  // stops repeating
  BindService(const BindService&) = delete;
  BindService& operator=(const BindService&) = delete;

  [[nodiscard]] BindAnswer bind(const BindRequest& request);

  // Sends every binding of unknown outcome once more. Called by the thread that start() begins; tests call it
  // themselves.
  void repeat_unknown();

  // `on_result` hears the outcome of each repetition.
  void start(std::function<void(BindResult)> on_result);
  void stop();

 private:
  // Whether an earlier send of the same binding may still land.
  enum class Earlier { none, undecided };
  struct Judgement;
  [[nodiscard]] static Judgement judge_reply(const kube::BindReply& reply, const kube::BindRequest& binding,
                                             Earlier earlier);
  [[nodiscard]] BindAnswer send(const kube::BindRequest& binding, Earlier earlier);

  BindDependencies use_;
  const BindConfig config_;
  const base::Milliseconds max_books_age_;
  std::function<void(BindResult)> on_result_;
  std::atomic<bool> stopping_ = false;
  std::size_t rounds_ = 0;  // of repeat_unknown
  std::jthread thread_;     // last: joined first
};

}  // namespace headroom::extender
