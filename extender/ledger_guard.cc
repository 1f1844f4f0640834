#include "extender/ledger_guard.h"

#include <chrono>
#include <utility>

#include "base/names.h"
#include "scoring/decision_record.h"
#include "scoring/judge.h"

namespace headroom::extender {
namespace {

using scoring::Books;

std::int64_t milliseconds(base::Microseconds span) {
  return std::chrono::duration_cast<base::Milliseconds>(span).count();
}

std::string rack_name(const Books& books, std::uint32_t rack) {
  return rack == scoring::kNone ? std::string() : books.table->racks[rack].name;
}

// Of the newest reading of any scope; -1: the node has none.
std::int64_t telemetry_age(const model::ClusterSnapshot& snapshot, const std::string& node, base::WallTime now) {
  const auto found = snapshot.telemetry->nodes.find(node);
  if (found == snapshot.telemetry->nodes.end()) return -1;
  std::optional<base::WallTime> newest;
  for (const auto& reading : found->second.power) {
    if (reading && (!newest || reading->window_end > *newest)) newest = reading->window_end;
  }
  return newest ? milliseconds(now - *newest) : -1;
}

std::vector<std::string> policy_names(const Books& books, const policy::Membership& membership) {
  std::vector<std::string> names;
  for (const auto number : membership.policies) names.push_back(books.policies->policies()[number]->name);
  return names;
}

struct Placement {
  const Decision& decision;
  scoring::Judge& judge;
  const model::Pod& pod;
  const std::string& node;
  const scoring::Verdict& verdict;
  base::WallTime now;
};

scoring::DecisionRecord record_of(const Placement& at) {
  const Books& books = *at.decision.books;
  scoring::DecisionRecord record;
  record.estimate = at.verdict.estimate;
  const std::uint32_t row = books.table->find(at.node);
  if (row != scoring::kNone) record.provenance = scoring::to_string(at.judge.estimate_on(row).provenance);
  record.rack = rack_name(books, at.verdict.rack);
  record.policies = policy_names(books, at.judge.membership());
  record.snapshot_age_ms = milliseconds(at.now - books.at);
  record.telemetry_age_ms = telemetry_age(*at.decision.snapshot, at.node, at.now);
  record.score = at.judge.score(at.node);
  if (at.verdict.would_refuse != scoring::Reason::none) {
    record.would_refuse = scoring::text_of(at.verdict.would_refuse).code;
  }
  return record;
}

kube::BindRequest binding_of(const Placement& at) {
  kube::BindRequest binding{at.pod.ns, at.pod.name, at.pod.uid, at.node, {}};
  binding.annotations.emplace(base::names::kDecisionAnnotation, scoring::to_json(record_of(at)));
  return binding;
}

scoring::Reservation reservation_of(const Placement& at) {
  const Books& books = *at.decision.books;
  scoring::Reservation reservation;
  reservation.pod_uid = at.pod.uid;
  reservation.pod = model::key_of(at.pod);
  reservation.node = at.node;
  reservation.rack = rack_name(books, at.verdict.rack);
  reservation.estimate = at.verdict.estimate;
  reservation.priority = at.pod.priority;
  for (const auto number : at.judge.membership().policies) {
    reservation.policies.push_back(model::key_of(*books.policies->policies()[number]));
  }
  reservation.since = at.now;
  return reservation;
}

}  // namespace

LedgerGuard::LedgerGuard() : published_(ledger_.view()) {}

void LedgerGuard::publish() {
  published_.publish(ledger_.view());
}

Claim LedgerGuard::claim(const model::Pod& pod, const std::string& node, const PublishedDecision& decisions,
                         base::WallTime now) {
  const std::lock_guard lock(mutex_);
  Claim claim;
  if (const auto attempt = attempts_.find(pod.uid); attempt != attempts_.end()) {
    if (attempt->second.binding.node != node) {
      claim.outcome = ClaimOutcome::on_other_node;
      claim.other_node = attempt->second.binding.node;
      return claim;
    }
    claim.outcome = attempt->second.in_flight ? ClaimOutcome::in_flight : ClaimOutcome::reserved;
    claim.binding = attempt->second.binding;
    claim.earlier_unknown = attempt->second.unknown;
    attempt->second.in_flight = true;
    return claim;
  }
  const auto ledger = ledger_.view();
  const auto decision = decisions.load();
  scoring::Judge judge(*decision->books, *ledger, pod);
  claim.verdict = judge.judge(node);
  if (!scoring::admits(claim.verdict)) return claim;
  const Placement placement{*decision, judge, pod, node, claim.verdict, now};
  scoring::Reservation reservation = reservation_of(placement);
  if (ledger_.reserve(std::move(reservation), *decision->snapshot) == scoring::ReserveOutcome::on_other_node) {
    claim.outcome = ClaimOutcome::on_other_node;
    const auto* entry = ledger->find(pod.uid);
    claim.other_node = entry == nullptr ? std::string() : entry->node;
    return claim;
  }
  publish();
  claim.outcome = ClaimOutcome::reserved;
  claim.binding = binding_of(placement);
  attempts_[pod.uid] = Attempt{claim.binding, true, false};
  return claim;
}

void LedgerGuard::end(const std::string& pod_uid, BindEnd result) {
  const std::lock_guard lock(mutex_);
  const auto attempt = attempts_.find(pod_uid);
  if (attempt == attempts_.end()) return;
  if (result == BindEnd::unknown) {
    attempt->second.in_flight = false;
    attempt->second.unknown = true;
    ledger_.set_state(pod_uid, scoring::ReservationState::outcome_unknown);
  } else {
    attempts_.erase(attempt);
    if (result == BindEnd::bound) {
      ledger_.set_state(pod_uid, scoring::ReservationState::bound);
    } else if (const auto* entry = ledger_.view()->find(pod_uid);
               entry != nullptr && entry->state != scoring::ReservationState::bound) {
      ledger_.release(pod_uid);
    }
  }
  publish();
}

std::vector<kube::BindRequest> LedgerGuard::begin_repeats() {
  const std::lock_guard lock(mutex_);
  std::vector<kube::BindRequest> repeats;
  for (auto& [uid, attempt] : attempts_) {
    if (attempt.in_flight || !attempt.unknown) continue;
    attempt.in_flight = true;
    repeats.push_back(attempt.binding);
  }
  return repeats;
}

void LedgerGuard::settle(const model::ClusterSnapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  if (ledger_.settle(snapshot) == 0) return;
  // An unknown binding whose entry has left is decided: the pod was seen bound, or is proved gone.
  const auto view = ledger_.view();
  std::erase_if(attempts_,
                [&](const auto& attempt) { return !attempt.second.in_flight && view->find(attempt.first) == nullptr; });
  publish();
}

}  // namespace headroom::extender
