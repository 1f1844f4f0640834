#include "scoring/judge.h"

#include <algorithm>

#include "scoring/judge_work.h"
#include "scoring/prefetch.h"

namespace headroom::scoring {
namespace {

using base::Power;

// The pod itself must change; a policy may appear or be corrected.
Outcome own_outcome(Reason reason) {
  return reason == Reason::malformed_expected_watts ? Outcome::refused_forever : Outcome::refused_now;
}

}  // namespace

bool Judge::Work::telemetry_missing(const Place& place) const {
  if (gates_input_.exempt) return false;
  return place.node == kNone || view.nodes[place.node].telemetry != TelemetryState::fresh;
}

Refusal Judge::Work::first_refusal(const Place& place, const RackGates& gates, Amounts amounts, Mode mode) const {
  const Gate& standing = gates.standing.of(mode);
  if (standing.reason != Reason::none) return {standing.reason, standing.whose, {}};
  if (gates.needs_telemetry.of(mode) && telemetry_missing(place)) return {Reason::no_power_telemetry, kNone, {}};
  // Orders are only ever given in mode Enforce.
  if (mode == Mode::enforce && place.node != kNone && view.nodes[place.node].capped) {
    return {Reason::node_power_capped, kNone, {}};
  }
  const Gate& inlet = gates.inlet.of(mode);
  if (inlet.reason != Reason::none) return {inlet.reason, inlet.whose, {}};
  const Room& element = gates.element.of(mode);
  if (amounts.growth > element.room) return {Reason::element_power, element.whose, amounts.growth - element.room};
  const Room& rack = gates.policy.of(mode);
  if (amounts.growth > rack.room) return {Reason::rack_policy_power, rack.whose, amounts.growth - rack.room};
  const Room& cap = caps_.of(mode);
  if (amounts.estimate > cap.room) return {Reason::policy_power_cap, cap.whose, amounts.estimate - cap.room};
  return {};
}

// What the machine with this pod alone would draw, against limits over a path that carries nothing else.
bool Judge::Work::never_fits(const Refusal& refusal, const Place& place, Power estimate) const {
  if (refusal.reason == Reason::policy_power_cap) {
    return estimate > books.policies->policies()[refusal.whose]->power_cap_limit;
  }
  const Power machine = place.row->idle + estimate;
  const Power alone = place.row->max ? std::min(machine, *place.row->max) : machine;
  if (refusal.reason == Reason::rack_policy_power) {
    const policy::RackLimit* limit = policy_limit(gates_input_, place.rack, Mode::enforce);
    return limit != nullptr && limit->max_power && alone > *limit->max_power;
  }
  if (refusal.reason != Reason::element_power) return false;
  const topology::Compiled& topology = *books.topology;
  const auto& path = topology.elements[books.table->racks[place.rack].lookup.element].path;
  return std::any_of(path.begin(), path.end(), [&](const topology::ElementShare& above) {
    const topology::Element& element = topology.elements[above.element];
    return element.mode == Mode::enforce && element.base_load + base::scaled_up(alone, above.share) > element.limit;
  });
}

BriefVerdict Judge::Work::judge_briefly(const Place& place) {
  if (own_.reason != Reason::none) return {own_.reason, Reason::none};
  const RackGates& gates = gates_of(place.rack);
  const Power estimate = estimate_on(*place.row).power;
  const Amounts amounts{estimate, growth(place, estimate)};
  return {first_refusal(place, gates, amounts, Mode::enforce).reason,
          first_refusal(place, gates, amounts, Mode::recommend).reason};
}

Verdict Judge::Work::judge(const Place& place) {
  Verdict verdict;
  verdict.rack = place.rack;
  const Estimate estimate = estimate_on(*place.row);
  verdict.estimate = estimate.power;
  verdict.demand = growth(place, estimate.power);
  if (own_.reason != Reason::none) {
    verdict.outcome = own_outcome(own_.reason);
    verdict.reason = own_.reason;
    return verdict;
  }
  const RackGates& gates = gates_of(place.rack);
  const Amounts amounts{verdict.estimate, verdict.demand};
  verdict.would_refuse = first_refusal(place, gates, amounts, Mode::recommend).reason;
  const Refusal refusal = first_refusal(place, gates, amounts, Mode::enforce);
  verdict.reason = refusal.reason;
  verdict.missing = refusal.missing;
  verdict.outcome = Outcome::feasible;
  if (refusal.reason == Reason::none) return verdict;

  const bool of_element = refusal.reason == Reason::element_power || refusal.reason == Reason::inlet_hot;
  (of_element ? verdict.element : verdict.policy) = refusal.whose;
  verdict.outcome = never_fits(refusal, place, verdict.estimate) ? Outcome::refused_forever : Outcome::refused_now;
  return verdict;
}

Verdict Judge::Work::judge_unknown() const {
  Verdict verdict;
  if (own_.reason == Reason::none) return verdict;
  verdict.outcome = own_outcome(own_.reason);
  verdict.reason = own_.reason;
  return verdict;
}

Judge::Judge(const Books& books, const LedgerView& ledger, const model::Pod& pod)
    : work_(std::make_unique<Work>(books, ledger, pod)) {}
Judge::~Judge() = default;

namespace {

// A node of a request: its row in the books, else by value in an empty machine's place.
Place place_by_value(Judge::Work& work, const model::Node& node) {
  const std::uint32_t known = work.books.table->find(node.name);
  if (known != kNone) return work.place_of(known);
  // Non-owning: the request's node outlives the call.
  const std::shared_ptr<const model::Node> alias(std::shared_ptr<const model::Node>(), &node);
  work.by_value = row_of(alias, work.books.table->classes, *work.books.topology);
  if (const auto rack = topology::rack_of(work.books.topology->settings, node.labels)) {
    work.by_value.rack = work.books.table->find_rack(*rack);
  }
  return {&work.by_value, kNone, work.by_value.rack};
}

}  // namespace

Verdict Judge::judge_row(std::uint32_t node_row) {
  return work_->judge(work_->place_of(node_row));
}

BriefVerdict Judge::judge_row_briefly(std::uint32_t node_row) {
  return work_->judge_briefly(work_->place_of(node_row));
}

void Judge::expect_row(std::uint32_t node_row) const {
  if (node_row == kNone) return;
  expect_read(&work_->books.table->nodes[node_row]);
  expect_read(&work_->view.nodes[node_row]);
}

Verdict Judge::judge(std::string_view node_name) {
  const std::uint32_t row = work_->books.table->find(node_name);
  return row == kNone ? work_->judge_unknown() : judge_row(row);
}

Verdict Judge::judge(const model::Node& node) {
  return work_->judge(place_by_value(*work_, node));
}

int Judge::score_row(std::uint32_t node_row) {
  return work_->score(work_->place_of(node_row));
}

int Judge::score(std::string_view node_name) {
  const std::uint32_t row = work_->books.table->find(node_name);
  return row == kNone ? 0 : score_row(row);
}

int Judge::score(const model::Node& node) {
  return work_->score(place_by_value(*work_, node));
}

Estimate Judge::estimate_on(std::uint32_t node_row) {
  return work_->estimate_on(work_->books.table->nodes[node_row]);
}

const policy::Membership& Judge::membership() const {
  return work_->membership;
}

std::uint32_t Judge::view() const {
  return work_->view_index;
}

}  // namespace headroom::scoring
