#include "scoring/judge_work.h"

#include <algorithm>

#include "scoring/views.h"

namespace headroom::scoring {
namespace {

using base::Power;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The books' own gates hold for pods with such limits.
bool is_standard(const policy::Limits& limits) {
  return limits.racks.empty() && !limits.on_stale;
}

}  // namespace

Judge::Work::Work(const Books& the_books, const LedgerView& ledger, const model::Pod& the_pod)
    : books(the_books),
      pod(the_pod),
      membership(the_books.policies->membership_of(the_pod)),
      limits{the_books.policies->limits_of(membership, Mode::enforce),
             the_books.policies->limits_of(membership, Mode::recommend)},
      view_index(the_books.view_of(limits.enforced.on_stale, limits.enforced.max_telemetry_age)),
      view(the_books.views[view_index]),
      flight(in_flight({the_books, ledger, the_pod, membership.policies, view})),
      gates_input_{the_books, view, limits, flight, contains(the_books.settings->discovery_namespaces, the_pod.ns)},
      standard_(!gates_input_.exempt && is_standard(limits.enforced) && is_standard(limits.recommended)),
      demands_(the_books.table->classes.size()) {
  own_ = own_gate();
  prepare_caps();
}

Gate Judge::Work::own_gate() {
  if (prepare_demand(0).malformed) return {Reason::malformed_expected_watts, kNone};
  switch (membership.problem) {
    case policy::MembershipProblem::none: return {};
    case policy::MembershipProblem::unknown_policy: return {Reason::unknown_policy, kNone};
    case policy::MembershipProblem::unreadable_policy: return {Reason::unreadable_policy, kNone};
  }
  return {};
}

void Judge::Work::prepare_caps() {
  for (std::size_t i = 0; i < membership.policies.size(); ++i) {
    const std::uint32_t number = membership.policies[i];
    caps_.of(books.policies->policies()[number]->mode).narrow(policy_room(i), number);
  }
}

Power Judge::Work::policy_room(std::size_t member) const {
  const std::uint32_t number = membership.policies[member];
  return books.policies->policies()[number]->power_cap_limit - books.policy[number].load - flight.policies[member];
}

Place Judge::Work::place_of(std::uint32_t node_row) const {
  const NodeRow& row = books.table->nodes[node_row];
  return {&row, node_row, row.rack};
}

const Demand& Judge::Work::prepare_demand(ClassIndex node_class) {
  const Demand demand = demand_of(pod, books.table->classes[node_class], estimate_rules(books));
  return demands_[node_class].emplace(ClassDemand{demand, 0, on_node(demand, 0)}).demand;
}

const Estimate& Judge::Work::estimate_on(const NodeRow& row) {
  auto& known = demands_[row.node_class];
  if (!known) (void)prepare_demand(row.node_class);
  if (known->cpu_millis != row.cpu_millis) {
    known->cpu_millis = row.cpu_millis;
    known->estimate = on_node(known->demand, row.cpu_millis);
  }
  return known->estimate;
}

Power Judge::Work::growth(const Place& place, Power estimate) const {
  if (place.node == kNone) {
    const Power full = place.row->idle + estimate;
    return place.row->max ? std::min(full, *place.row->max) : full;
  }
  const NodeLoad& load = view.nodes[place.node];
  const bool measured = books.topology->settings.admission == model::Admission::measured;
  const Commitment& commitment = measured ? load.present : load.booked;
  const Power extra = flight.on(place.node);
  return commitment.with(extra + estimate) - commitment.with(extra);
}

Power Judge::Work::present_growth(const Place& place, Power estimate) const {
  if (place.node == kNone) return growth(place, estimate);
  const Commitment& present = view.nodes[place.node].present;
  const Power extra = flight.on(place.node);
  return present.with(extra + estimate) - present.with(extra);
}

const RackGates& Judge::Work::gates_of(std::uint32_t rack) {
  const std::size_t index = rack == kNone ? books.table->racks.size() : rack;
  if (standard_ && !flight.any) return view.gates[index];
  if (own_gates_.empty()) own_gates_.resize(books.table->racks.size() + 1);
  std::optional<RackGates>& gates = own_gates_[index];
  if (gates) return *gates;
  if (!standard_) return gates.emplace(rack_gates(gates_input_, rack));
  gates.emplace(view.gates[index]);
  if (rack != kNone) set_rooms(*gates, gates_input_, rack);
  return *gates;
}

RackRank& Judge::Work::rank_of(std::uint32_t rack) {
  if (ranks_.empty()) ranks_.resize(books.table->racks.size());
  return ranks_[rack];
}

}  // namespace headroom::scoring
