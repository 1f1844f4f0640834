#include "scoring/judge_work.h"

#include <algorithm>

#include "scoring/views.h"

namespace headroom::scoring {
namespace {

using base::Power;
using model::StaleTelemetry;
using topology::RackStanding;

constexpr std::array<Mode, 2> kModes{Mode::enforce, Mode::recommend};

template <class Integer>
Integer divided_downwards(Integer dividend, std::int64_t divisor) {
  const Integer quotient = dividend / divisor;
  return dividend < 0 && dividend % divisor != 0 ? quotient - 1 : quotient;
}

// The largest growth on a rack that leaves an element of this headroom within its limit: share x growth, rounded up, is
// at most headroom. Towards minus infinity. 64 bits are enough up to 9 MW, and divide many times as fast as 128.
Power room_for(Power headroom, base::Share share) {
  const __int128 scaled = static_cast<__int128>(headroom.count()) * 1'000'000;
  const auto narrow = static_cast<std::int64_t>(scaled);
  if (narrow == scaled) return base::microwatts(divided_downwards(narrow, share.count()));
  return base::microwatts(static_cast<std::int64_t>(divided_downwards(scaled, share.count())));
}

// Of a node without rack label, or by value with one that the books have never seen. While an unreadable object may
// name any rack, nobody knows that the node stands outside.
topology::RackLookup no_rack(const topology::Compiled& topology) {
  if (topology.refuse_unnamed_racks) return {RackStanding::invalid, 0, Mode::enforce};
  return {RackStanding::outside, 0, topology.outside_mode};
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
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
      exempt_(contains(the_books.settings->discovery_namespaces, the_pod.ns)),
      demands_(the_books.table->classes.size()),
      memos_(the_books.table->racks.size() + 1) {
  own_ = own_gate();
  prepare_caps();
}

Gate Judge::Work::own_gate() {
  demands_[0] = demand_of(pod, books.table->classes[0], estimate_rules(books));
  if (demands_[0]->malformed) return {Reason::malformed_expected_watts, kNone};
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

Estimate Judge::Work::estimate_on(const NodeRow& row) {
  auto& demand = demands_[row.node_class];
  if (!demand) demand = demand_of(pod, books.table->classes[row.node_class], estimate_rules(books));
  return on_node(*demand, row.cpu_millis);
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

Power Judge::Work::element_load(std::uint32_t element) const {
  const bool measured = books.topology->settings.admission == model::Admission::measured;
  const Power load = measured ? view.elements[element].present : view.elements[element].booked;
  if (flight.elements.empty()) return load;
  return load + (measured ? flight.elements[element].present : flight.elements[element].booked);
}

Power Judge::Work::rack_load(std::uint32_t rack) const {
  const bool measured = books.topology->settings.admission == model::Admission::measured;
  const Power load = measured ? view.racks[rack].present : view.racks[rack].booked;
  if (flight.racks.empty()) return load;
  return load + (measured ? flight.racks[rack].present : flight.racks[rack].booked);
}

RackMemo& Judge::Work::mutable_memo(std::uint32_t rack) {
  RackMemo& memo = rack == kNone ? memos_.back() : memos_[rack];
  if (!memo.ready) prepare(memo, rack);
  return memo;
}

void Judge::Work::prepare(RackMemo& memo, std::uint32_t rack) const {
  memo.ready = true;
  const topology::Compiled& topology = *books.topology;
  const topology::RackLookup lookup = rack == kNone ? no_rack(topology) : books.table->racks[rack].lookup;
  Mode rule_mode = lookup.mode;
  if (lookup.standing == RackStanding::invalid) memo.standing.of(lookup.mode) = {Reason::topology_invalid, kNone};
  if (lookup.standing == RackStanding::outside && topology.any_object &&
      topology.settings.nodes_outside == model::OutsideNodes::refuse) {
    memo.standing.of(lookup.mode) = {Reason::node_outside_topology, kNone};
  }
  if (lookup.standing == RackStanding::in_force) rule_mode = topology.elements[lookup.element].mode;
  const bool closed = rule_on(topology, *books.table, rack).on_stale == StaleTelemetry::fail_closed;
  memo.needs_telemetry.of(rule_mode) = closed;
  for (const Mode mode : kModes) {
    if (limits.of(mode).on_stale == StaleTelemetry::fail_closed) memo.needs_telemetry.of(mode) = true;
  }
  if (rack == kNone) return;
  prepare_inlet(memo, rack);
  prepare_power(memo, rack);
}

Gate Judge::Work::inlet_gate(std::uint32_t rack, base::Temperature limit, Reason hot) const {
  const auto rule = topology::tightened(rule_on(*books.topology, *books.table, rack), view.on_stale, view.max_age);
  const InletState state = view.racks[rack].inlet;
  const bool heat = books.inlets[rack].is_hot(limit);
  if (state == InletState::never) {
    return rule.on_stale == StaleTelemetry::fail_closed && !exempt_ ? Gate{Reason::inlet_unknown, kNone} : Gate{};
  }
  if (state == InletState::stale && rule.on_stale != StaleTelemetry::fail_open && !exempt_) {
    return {Reason::inlet_stale, kNone};
  }
  return heat ? Gate{hot, kNone} : Gate{};
}

void Judge::Work::prepare_inlet(RackMemo& memo, std::uint32_t rack) const {
  const auto& last = books.inlets[rack].last;
  const bool fresh = view.racks[rack].inlet == InletState::fresh;
  const std::optional<base::Temperature> inlet = fresh ? std::optional(last->temperature) : std::nullopt;
  const topology::RackLookup& lookup = books.table->racks[rack].lookup;
  if (lookup.standing == RackStanding::in_force) {
    const topology::Element& element = books.topology->elements[lookup.element];
    if (element.max_inlet) {
      memo.inlet.of(element.mode) = inlet_gate(rack, *element.max_inlet, Reason::inlet_hot);
      memo.inlet.of(element.mode).whose = lookup.element;
      memo.thermal = std::min(memo.thermal, thermal_margin(*element.max_inlet, inlet));
    }
  }
  for (const Mode mode : kModes) {
    const policy::RackLimit* limit = policy_limit(rack, mode);
    if (limit == nullptr || !limit->max_inlet) continue;
    if (memo.inlet.of(mode).reason == Reason::none) {
      memo.inlet.of(mode) = inlet_gate(rack, *limit->max_inlet, Reason::rack_policy_inlet);
      memo.inlet.of(mode).whose = limit->max_inlet_by;
    }
    memo.thermal = std::min(memo.thermal, thermal_margin(*limit->max_inlet, inlet));
  }
}

void Judge::Work::prepare_power(RackMemo& memo, std::uint32_t rack) const {
  const topology::RackLookup& lookup = books.table->racks[rack].lookup;
  if (lookup.standing == RackStanding::in_force) {
    for (const topology::ElementShare& above : books.topology->elements[lookup.element].path) {
      if (above.share <= base::Share()) continue;
      const topology::Element& element = books.topology->elements[above.element];
      memo.element.of(element.mode)
          .narrow(room_for(element.limit - element_load(above.element), above.share), above.element);
    }
  }
  for (const Mode mode : kModes) {
    const policy::RackLimit* limit = policy_limit(rack, mode);
    if (limit == nullptr || !limit->max_power) continue;
    memo.policy.of(mode).narrow(*limit->max_power - rack_load(rack), limit->max_power_by);
  }
}

const policy::RackLimit* Judge::Work::policy_limit(std::uint32_t rack, Mode mode) const {
  const auto& racks = limits.of(mode).racks;
  if (rack == kNone || racks.empty()) return nullptr;
  const auto found = racks.find(books.table->racks[rack].name);
  return found == racks.end() ? nullptr : &found->second;
}

}  // namespace headroom::scoring
