// What stands in a pod's way on all nodes of a rack alike: topology, telemetry's rule, inlet, and how much the limits
// above it leave. Only the judge looks at them.
//
// Most pods meet the same gates, those of the books alone; they are made with the books, once for each view (standard
// gates). What a request changes is made anew for its own pod: all of it where the pod's policies limit racks or ask
// for other telemetry, or its namespace is exempt; only the rooms where watts are in flight.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.h"
#include "model/policy.h"
#include "policy/resolve.h"
#include "scoring/verdict.h"

namespace headroom::scoring {

struct Books;
struct View;
struct InFlight;

using Mode = model::EnforcementMode;

// The tightest of several limits of one kind and mode, as room for growth of a node in the rack.
struct Room {
  base::Power room = base::microwatts(INT64_MAX / 4);
  std::uint32_t whose = kNone;  // element or policy

  void narrow(base::Power other, std::uint32_t by) {
    if (whose != kNone && other >= room) return;
    room = other;
    whose = by;
  }

  bool operator==(const Room&) const = default;
};

// A refusal that does not depend on watts.
struct Gate {
  Reason reason = Reason::none;
  std::uint32_t whose = kNone;

  bool operator==(const Gate&) const = default;
};

// By mode: what is in force, and what would have refused.
template <class T>
struct ByMode {
  T enforced;
  T recommended;

  [[nodiscard]] T& of(Mode mode) { return mode == Mode::enforce ? enforced : recommended; }
  [[nodiscard]] const T& of(Mode mode) const { return mode == Mode::enforce ? enforced : recommended; }

  bool operator==(const ByMode&) const = default;
};

struct RackGates {
  ByMode<Gate> standing;           // invalid or outside topology
  ByMode<bool> needs_telemetry{};  // FailClosed holds here
  ByMode<Gate> inlet;
  ByMode<Room> element;
  ByMode<Room> policy;  // rackConstraints[].maxPower
  double thermal = 1;   // rank.h

  bool operator==(const RackGates&) const = default;
};

struct RackGatesInput {
  const Books& books;
  const View& view;
  const ByMode<policy::Limits>& limits;  // of the pod's policies
  const InFlight& flight;
  bool exempt = false;  // the pod is of a discovery namespace
};

// rack: by NodeTable::racks; kNone: of nodes in no rack.
[[nodiscard]] RackGates rack_gates(const RackGatesInput& input, std::uint32_t rack);
// Of a rack in force anew, the rest as it was: for what is in flight now.
void set_rooms(RackGates& gates, const RackGatesInput& input, std::uint32_t rack);
// Of every rack and, last, of none, for a pod that nothing else is asked for.
[[nodiscard]] std::vector<RackGates> standard_gates(const Books& books, const View& view);

// Admission load of an element or rack: books and what is in flight.
[[nodiscard]] base::Power element_load(const RackGatesInput& input, std::uint32_t element);
[[nodiscard]] base::Power rack_load(const RackGatesInput& input, std::uint32_t rack);
// What the pod's policies of one mode ask of a rack; null: nothing.
[[nodiscard]] const policy::RackLimit* policy_limit(const RackGatesInput& input, std::uint32_t rack, Mode mode);

}  // namespace headroom::scoring
