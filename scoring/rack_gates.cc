#include "scoring/rack_gates.h"

#include <algorithm>
#include <array>

#include "scoring/books.h"
#include "scoring/in_flight.h"
#include "scoring/rank.h"
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

// What admission counts: the books' booked or present watts (`known`, of an element or a rack) and what is in flight
// there. Nothing at all in flight is an empty list.
template <class Load>
Power with_flight(const RackGatesInput& input, const Load& known, const std::vector<InFlightLoad>& flight,
                  std::uint32_t place) {
  const bool measured = input.books.topology->settings.admission == model::Admission::measured;
  const Power books = measured ? known.present : known.booked;
  if (flight.empty()) return books;
  return books + (measured ? flight[place].present : flight[place].booked);
}

// Of a node without rack label, or by value with one that the books have never seen. While an unreadable object may
// name any rack, nobody knows that the node stands outside.
topology::RackLookup no_rack(const topology::Compiled& topology) {
  if (topology.refuse_unnamed_racks) return {RackStanding::invalid, 0, Mode::enforce};
  return {RackStanding::outside, 0, topology.outside_mode};
}

const topology::RackLookup& lookup_of(const RackGatesInput& input, std::uint32_t rack) {
  return input.books.table->racks[rack].lookup;
}

Gate inlet_gate(const RackGatesInput& input, std::uint32_t rack, base::Temperature limit, Reason hot) {
  const Books& books = input.books;
  const auto rule =
      topology::tightened(rule_on(*books.topology, *books.table, rack), input.view.on_stale, input.view.max_age);
  const InletState state = input.view.racks[rack].inlet;
  const bool heat = books.inlets[rack].is_hot(limit);
  if (state == InletState::never) {
    return rule.on_stale == StaleTelemetry::fail_closed && !input.exempt ? Gate{Reason::inlet_unknown, kNone} : Gate{};
  }
  if (state == InletState::stale && rule.on_stale != StaleTelemetry::fail_open && !input.exempt) {
    return {Reason::inlet_stale, kNone};
  }
  return heat ? Gate{hot, kNone} : Gate{};
}

void set_inlet(RackGates& gates, const RackGatesInput& input, std::uint32_t rack) {
  const auto& last = input.books.inlets[rack].last;
  const bool fresh = input.view.racks[rack].inlet == InletState::fresh;
  const std::optional<base::Temperature> inlet = fresh ? std::optional(last->temperature) : std::nullopt;
  const topology::RackLookup& lookup = lookup_of(input, rack);
  if (lookup.standing == RackStanding::in_force) {
    const topology::Element& element = input.books.topology->elements[lookup.element];
    if (element.max_inlet) {
      gates.inlet.of(element.mode) = inlet_gate(input, rack, *element.max_inlet, Reason::inlet_hot);
      gates.inlet.of(element.mode).whose = lookup.element;
      gates.thermal = std::min(gates.thermal, thermal_margin(*element.max_inlet, inlet));
    }
  }
  for (const Mode mode : kModes) {
    const policy::RackLimit* limit = policy_limit(input, rack, mode);
    if (limit == nullptr || !limit->max_inlet) continue;
    if (gates.inlet.of(mode).reason == Reason::none) {
      gates.inlet.of(mode) = inlet_gate(input, rack, *limit->max_inlet, Reason::rack_policy_inlet);
      gates.inlet.of(mode).whose = limit->max_inlet_by;
    }
    gates.thermal = std::min(gates.thermal, thermal_margin(*limit->max_inlet, inlet));
  }
}

}  // namespace

void set_rooms(RackGates& gates, const RackGatesInput& input, std::uint32_t rack) {
  gates.element = {};
  gates.policy = {};
  const topology::RackLookup& lookup = lookup_of(input, rack);
  if (lookup.standing == RackStanding::in_force) {
    for (const topology::ElementShare& above : input.books.topology->elements[lookup.element].path) {
      if (above.share <= base::Share()) continue;
      const topology::Element& element = input.books.topology->elements[above.element];
      gates.element.of(element.mode)
          .narrow(room_for(element.limit - element_load(input, above.element), above.share), above.element);
    }
  }
  for (const Mode mode : kModes) {
    const policy::RackLimit* limit = policy_limit(input, rack, mode);
    if (limit == nullptr || !limit->max_power) continue;
    gates.policy.of(mode).narrow(*limit->max_power - rack_load(input, rack), limit->max_power_by);
  }
}

RackGates rack_gates(const RackGatesInput& input, std::uint32_t rack) {
  RackGates gates;
  const topology::Compiled& topology = *input.books.topology;
  const topology::RackLookup lookup = rack == kNone ? no_rack(topology) : lookup_of(input, rack);
  Mode rule_mode = lookup.mode;
  if (lookup.standing == RackStanding::invalid) gates.standing.of(lookup.mode) = {Reason::topology_invalid, kNone};
  if (lookup.standing == RackStanding::outside && topology.any_object &&
      topology.settings.nodes_outside == model::OutsideNodes::refuse) {
    gates.standing.of(lookup.mode) = {Reason::node_outside_topology, kNone};
  }
  if (lookup.standing == RackStanding::in_force) rule_mode = topology.elements[lookup.element].mode;
  const bool closed = rule_on(topology, *input.books.table, rack).on_stale == StaleTelemetry::fail_closed;
  gates.needs_telemetry.of(rule_mode) = closed;
  for (const Mode mode : kModes) {
    if (input.limits.of(mode).on_stale == StaleTelemetry::fail_closed) gates.needs_telemetry.of(mode) = true;
  }
  if (rack == kNone) return gates;
  set_inlet(gates, input, rack);
  set_rooms(gates, input, rack);
  return gates;
}

std::vector<RackGates> standard_gates(const Books& books, const View& view) {
  const ByMode<policy::Limits> no_limits;
  const InFlight nothing;
  const RackGatesInput input{books, view, no_limits, nothing};
  std::vector<RackGates> gates;
  const std::size_t racks = books.table->racks.size();
  gates.reserve(racks + 1);
  for (std::uint32_t rack = 0; rack < racks; ++rack) gates.push_back(rack_gates(input, rack));
  gates.push_back(rack_gates(input, kNone));
  return gates;
}

Power element_load(const RackGatesInput& input, std::uint32_t element) {
  return with_flight(input, input.view.elements[element], input.flight.elements, element);
}

Power rack_load(const RackGatesInput& input, std::uint32_t rack) {
  return with_flight(input, input.view.racks[rack], input.flight.racks, rack);
}

const policy::RackLimit* policy_limit(const RackGatesInput& input, std::uint32_t rack, Mode mode) {
  const auto& racks = input.limits.of(mode).racks;
  if (rack == kNone || racks.empty()) return nullptr;
  const auto found = racks.find(input.books.table->racks[rack].name);
  return found == racks.end() ? nullptr : &found->second;
}

}  // namespace headroom::scoring
