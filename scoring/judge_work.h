// The working set of one Judge: what is computed once per request, once per rack and once per class, so that a node
// costs a few comparisons. Private to this folder (explain.cc reads it too).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "scoring/in_flight.h"
#include "scoring/judge.h"
#include "scoring/rank.h"

namespace headroom::scoring {

// The tightest of several limits of one kind and mode, as room for growth of a node in the rack.
struct Room {
  base::Power room = base::microwatts(INT64_MAX / 4);
  std::uint32_t whose = kNone;  // element or policy

  void narrow(base::Power other, std::uint32_t by) {
    if (whose != kNone && other >= room) return;
    room = other;
    whose = by;
  }
};

// A refusal that does not depend on watts.
struct Gate {
  Reason reason = Reason::none;
  std::uint32_t whose = kNone;
};

// By mode: what is in force, and what would have refused.
template <class T>
struct ByMode {
  T enforced;
  T recommended;

  [[nodiscard]] T& of(model::EnforcementMode mode) {
    return mode == model::EnforcementMode::enforce ? enforced : recommended;
  }
  [[nodiscard]] const T& of(model::EnforcementMode mode) const {
    return mode == model::EnforcementMode::enforce ? enforced : recommended;
  }
};

struct RackMemo {
  bool ready = false;
  ByMode<Gate> standing;           // invalid or outside topology
  ByMode<bool> needs_telemetry{};  // FailClosed holds here
  ByMode<Gate> inlet;
  ByMode<Room> element;
  ByMode<Room> policy;  // rackConstraints[].maxPower
  double thermal = 1;   // rank.h
  // The worst headroom over the path after the growth that was last asked for.
  bool worst_known = false;
  base::Power worst_growth;
  double worst = 0;
  bool mean_known = false;
  double mean = 0;  // mean own headroom of the rack's nodes
};

struct Refusal {
  Reason reason = Reason::none;
  std::uint32_t whose = kNone;
  base::Power missing;
};

// What one placement adds: the pod's estimate, and the growth of the node's admission load.
struct Amounts {
  base::Power estimate;
  base::Power growth;
};

using Mode = model::EnforcementMode;

// Where a node stands: a row of the books, or one given by value.
struct Place {
  const NodeRow* row = nullptr;
  std::uint32_t node = kNone;  // row number; none: by value
  std::uint32_t rack = kNone;
};

class Judge::Work {
 public:
  Work(const Books& books, const LedgerView& ledger, const model::Pod& pod);

  [[nodiscard]] Verdict judge(const Place& place);
  [[nodiscard]] Verdict judge_unknown() const;
  [[nodiscard]] int score(const Place& place);
  [[nodiscard]] Place place_of(std::uint32_t node_row) const;

  [[nodiscard]] Estimate estimate_on(const NodeRow& row);
  [[nodiscard]] base::Power growth(const Place& place, base::Power estimate) const;
  [[nodiscard]] base::Power present_growth(const Place& place, base::Power estimate) const;
  [[nodiscard]] const RackMemo& memo_of(std::uint32_t rack) { return mutable_memo(rack); }

  // Admission load of an element or rack: books and what is in flight.
  [[nodiscard]] base::Power element_load(std::uint32_t element) const;
  [[nodiscard]] base::Power rack_load(std::uint32_t rack) const;
  [[nodiscard]] base::Power policy_room(std::size_t member) const;  // by position in membership.policies

  const Books& books;
  const model::Pod& pod;
  const policy::Membership membership;
  const ByMode<policy::Limits> limits;
  const std::uint32_t view_index;
  const View& view;
  const InFlight flight;
  // The row that a Place by value points to lives here, one at a time.
  NodeRow by_value;

 private:
  [[nodiscard]] RackMemo& mutable_memo(std::uint32_t rack);
  [[nodiscard]] Gate own_gate();
  // The first refusal of the pod on the place by objects of one mode.
  [[nodiscard]] Refusal first_refusal(const Place& place, const RackMemo& memo, Amounts amounts, Mode mode) const;
  [[nodiscard]] bool telemetry_missing(const Place& place) const;
  [[nodiscard]] bool never_fits(const Refusal& refusal, const Place& place, base::Power estimate) const;

  void prepare(RackMemo& memo, std::uint32_t rack) const;
  void prepare_inlet(RackMemo& memo, std::uint32_t rack) const;
  void prepare_power(RackMemo& memo, std::uint32_t rack) const;
  void prepare_caps();
  [[nodiscard]] Gate inlet_gate(std::uint32_t rack, base::Temperature limit, Reason hot) const;
  [[nodiscard]] double worst_headroom(RackMemo& memo, std::uint32_t rack, base::Power growth) const;
  [[nodiscard]] double own_headroom(const Place& place, base::Power estimate) const;
  [[nodiscard]] double mean_headroom(RackMemo& memo, std::uint32_t rack) const;
  [[nodiscard]] bool limited(std::uint32_t rack) const;
  [[nodiscard]] const policy::RackLimit* policy_limit(std::uint32_t rack, model::EnforcementMode mode) const;

  bool exempt_ = false;                         // of a discovery namespace
  Gate own_;                                    // the pod itself
  ByMode<Room> caps_;                           // powerCapLimit
  std::vector<std::optional<Demand>> demands_;  // by class
  std::vector<RackMemo> memos_;                 // by rack; the last one: no rack
};

}  // namespace headroom::scoring
