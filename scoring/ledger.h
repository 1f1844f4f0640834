// Watts that have been promised but that no published books show yet: one reservation per pod, from just before its
// binding is sent until books that count the pod are published.
//
//   reserve -> (POST binding) -> confirm | outcome_unknown | release      ... -> settle
//
// An entry leaves by release() (the API server refused the binding for good), or by settle() against a published
// snapshot that shows the pod bound or finished, or that proves it gone. Never by time: a paused POST can still land.
//
// Ledger is a value without locks: its owner serialises writers. view() is immutable and may be read by any thread.
// Order for readers: load the view FIRST, the books after it; then a pod that just settled is seen in the books.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "model/cluster_snapshot.h"

namespace headroom::scoring {

enum class ReservationState : std::uint8_t {
  reserved,         // the binding is about to be sent or in flight
  outcome_unknown,  // sent, no answer: may have landed, may still land. Repeat the same POST
  bound,            // the API server said so; waiting for books that show it
};

struct Reservation {
  std::string pod_uid;
  std::string pod;  // "namespace/name"
  std::string node;
  std::string rack;  // of the node when it was reserved: where the watts go if the node vanishes
  base::Power estimate;
  std::int32_t priority = 0;
  std::vector<std::string> policies;  // "namespace/name"
  ReservationState state = ReservationState::reserved;
  base::WallTime since;

  // settle()'s memory; callers leave them alone.
  std::uint64_t sequence = 0;         // newest snapshot at the time of reserving: an older one proves no absence
  std::uint64_t list_generation = 0;  // newest pod list, likewise
  bool seen = false;                  // a snapshot since then contained the pod, unbound

  bool operator==(const Reservation&) const = default;
};

// Immutable.
struct LedgerView {
  std::uint64_t version = 0;
  std::vector<std::shared_ptr<const Reservation>> entries;  // sorted by pod_uid

  [[nodiscard]] const Reservation* find(std::string_view pod_uid) const;
};

enum class ReserveOutcome {
  reserved,       // a new entry, or the same pod on the same node again (a repeated bind: nothing changes)
  on_other_node,  // the pod already holds watts elsewhere: answer Error, that binding may yet land
};

class Ledger {
 public:
  Ledger();

  // snapshot: the newest published one (its list generation is remembered).
  ReserveOutcome reserve(Reservation reservation, const model::ClusterSnapshot& snapshot);
  // False: no entry.
  bool set_state(std::string_view pod_uid, ReservationState state);
  bool release(std::string_view pod_uid);

  // Drops what `published` accounts for. REQUIRES: books made from it are already published. Returns how many left.
  std::size_t settle(const model::ClusterSnapshot& published);

  // Never null; the same pointer until something changes.
  [[nodiscard]] std::shared_ptr<const LedgerView> view() const { return view_; }

 private:
  void changed();

  std::map<std::string, std::shared_ptr<const Reservation>, std::less<>> entries_;
  std::shared_ptr<const LedgerView> view_;
  std::uint64_t version_ = 0;
};

}  // namespace headroom::scoring
