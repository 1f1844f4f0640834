#include "scoring/ledger.h"

#include <algorithm>

namespace headroom::scoring {
namespace {

const model::Pod* find_pod(const model::ClusterSnapshot& snapshot, std::string_view uid) {
  const auto found = std::lower_bound(snapshot.pods.begin(), snapshot.pods.end(), uid,
                                      [](const auto& pod, std::string_view key) { return pod->uid < key; });
  return found != snapshot.pods.end() && (*found)->uid == uid ? found->get() : nullptr;
}

// Two list replacements: the first may have begun before the reservation and so before the pod existed.
constexpr std::uint64_t kListsThatProve = 2;

bool gone(const Reservation& entry, const model::ClusterSnapshot& published) {
  if (published.sequence <= entry.sequence) return false;
  return entry.seen || published.pod_list_generation >= entry.list_generation + kListsThatProve ||
         std::binary_search(published.deleted_pods.begin(), published.deleted_pods.end(), entry.pod_uid);
}

}  // namespace

const Reservation* LedgerView::find(std::string_view pod_uid) const {
  const auto found = std::lower_bound(entries.begin(), entries.end(), pod_uid,
                                      [](const auto& entry, std::string_view key) { return entry->pod_uid < key; });
  return found != entries.end() && (*found)->pod_uid == pod_uid ? found->get() : nullptr;
}

Ledger::Ledger() : view_(std::make_shared<const LedgerView>()) {}

ReserveOutcome Ledger::reserve(Reservation reservation, const model::ClusterSnapshot& snapshot) {
  const auto found = entries_.find(reservation.pod_uid);
  if (found != entries_.end()) {
    return found->second->node == reservation.node ? ReserveOutcome::reserved : ReserveOutcome::on_other_node;
  }
  reservation.sequence = snapshot.sequence;
  reservation.list_generation = snapshot.pod_list_generation;
  reservation.seen = find_pod(snapshot, reservation.pod_uid) != nullptr;
  std::string uid = reservation.pod_uid;
  entries_.emplace(std::move(uid), std::make_shared<const Reservation>(std::move(reservation)));
  changed();
  return ReserveOutcome::reserved;
}

bool Ledger::set_state(std::string_view pod_uid, ReservationState state) {
  const auto found = entries_.find(pod_uid);
  if (found == entries_.end()) return false;
  Reservation next = *found->second;
  next.state = state;
  found->second = std::make_shared<const Reservation>(std::move(next));
  changed();
  return true;
}

bool Ledger::release(std::string_view pod_uid) {
  const auto found = entries_.find(pod_uid);
  if (found == entries_.end()) return false;
  entries_.erase(found);
  changed();
  return true;
}

std::size_t Ledger::settle(const model::ClusterSnapshot& published) {
  std::size_t left = 0;
  bool noted = false;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const model::Pod* pod = find_pod(published, entry->first);
    const bool accounted =
        pod != nullptr ? model::bound(*pod) || model::finished(*pod) : gone(*entry->second, published);
    if (accounted) {
      entry = entries_.erase(entry);
      ++left;
      continue;
    }
    if (pod != nullptr && !entry->second->seen) {
      Reservation next = *entry->second;
      next.seen = noted = true;
      entry->second = std::make_shared<const Reservation>(std::move(next));
    }
    ++entry;
  }
  if (left > 0 || noted) changed();
  return left;
}

void Ledger::changed() {
  auto next = std::make_shared<LedgerView>();
  next->version = ++version_;
  next->entries.reserve(entries_.size());
  for (const auto& [uid, entry] : entries_) next->entries.push_back(entry);
  view_ = std::move(next);
}

}  // namespace headroom::scoring
