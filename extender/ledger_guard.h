// The one ledger of this process behind one mutex, and its published view.
//
// Only bind writes to it (claim, end), and the decision loop settles it. Readers load view() BEFORE the published
// decision, so that a pod that just settled is seen in the books. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/published.h"
#include "extender/decision.h"
#include "kube/bind.h"
#include "scoring/ledger.h"
#include "scoring/verdict.h"

namespace headroom::extender {

enum class ClaimOutcome {
  reserved,       // the watts are held: send the binding, then call end()
  refused,        // the node has no room any more; `verdict` says why
  on_other_node,  // an earlier binding of the pod to another node may still land
  in_flight,      // another request is binding this pod right now
};

struct Claim {
  ClaimOutcome outcome = ClaimOutcome::refused;
  scoring::Verdict verdict;
  std::string other_node;        // on_other_node
  kube::BindRequest binding;     // reserved: what to send, the same at every repetition
  bool earlier_unknown = false;  // reserved: an earlier send of the same binding has an unknown outcome
};

enum class BindEnd {
  bound,      // the API server says so
  not_bound,  // it never will be by this binding: the watts are free again, unless an earlier one is known to hold them
  unknown,    // it may have landed or may still land: hold the watts, repeat()
};

class LedgerGuard {
 public:
  LedgerGuard();
  LedgerGuard(const LedgerGuard&) = delete;
  LedgerGuard& operator=(const LedgerGuard&) = delete;

  // Never null.
  [[nodiscard]] std::shared_ptr<const scoring::LedgerView> view() const { return published_.load(); }

  // Compare and reserve in one step, against the newest published books. REQUIRES: decisions.load() is not null.
  [[nodiscard]] Claim claim(const model::Pod& pod, const std::string& node, const PublishedDecision& decisions,
                            base::WallTime now);
  // Ends what claim() or begin_repeats() began.
  void end(const std::string& pod_uid, BindEnd result);

  // Bindings of unknown outcome that nobody is sending, marked as being sent; call end() for each.
  [[nodiscard]] std::vector<kube::BindRequest> begin_repeats();

  // Drops the entries that published books account for. Call after publishing the books made from `snapshot`.
  void settle(const model::ClusterSnapshot& snapshot);

 private:
  // A binding between claim and settlement, as long as its outcome is not known.
  struct Attempt {
    kube::BindRequest binding;
    bool in_flight = false;
    bool unknown = false;
  };
  void publish();

  std::mutex mutex_;
  scoring::Ledger ledger_;                                // guarded by mutex_
  std::map<std::string, Attempt, std::less<>> attempts_;  // by pod uid; guarded by mutex_
  base::Published<scoring::LedgerView> published_;
};

}  // namespace headroom::extender
