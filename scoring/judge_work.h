// The working set of one Judge: what is computed once per request, once per rack and once per class, so that a node
// costs a few comparisons. Private to this folder (explain.cc reads it too).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "scoring/in_flight.h"
#include "scoring/judge.h"
#include "scoring/rack_gates.h"
#include "scoring/rank.h"

namespace headroom::scoring {

// What rank.h's rule needs of a rack, as far as it has been asked for.
struct RackRank {
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

// Of one class of nodes. They mostly have as many cores as each other, and then the pod's estimate is the same too.
struct ClassDemand {
  Demand demand;
  std::int64_t cpu_millis = 0;  // of the node that was asked for last
  Estimate estimate;            // there
};

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
  [[nodiscard]] BriefVerdict judge_briefly(const Place& place);
  [[nodiscard]] Verdict judge_unknown() const;
  [[nodiscard]] int score(const Place& place);
  [[nodiscard]] Place place_of(std::uint32_t node_row) const;

  [[nodiscard]] const Estimate& estimate_on(const NodeRow& row);  // until the next call
  [[nodiscard]] base::Power growth(const Place& place, base::Power estimate) const;
  [[nodiscard]] base::Power present_growth(const Place& place, base::Power estimate) const;
  [[nodiscard]] const RackGates& gates_of(std::uint32_t rack);

  // Admission load of an element or rack: books and what is in flight.
  [[nodiscard]] base::Power element_load(std::uint32_t element) const {
    return scoring::element_load(gates_input_, element);
  }
  [[nodiscard]] base::Power rack_load(std::uint32_t rack) const { return scoring::rack_load(gates_input_, rack); }
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
  [[nodiscard]] const Demand& prepare_demand(ClassIndex node_class);
  [[nodiscard]] RackRank& rank_of(std::uint32_t rack);
  [[nodiscard]] Gate own_gate();
  // The first refusal of the pod on the place by objects of one mode.
  [[nodiscard]] Refusal first_refusal(const Place& place, const RackGates& gates, Amounts amounts, Mode mode) const;
  [[nodiscard]] bool telemetry_missing(const Place& place) const;
  [[nodiscard]] bool never_fits(const Refusal& refusal, const Place& place, base::Power estimate) const;

  void prepare_caps();
  [[nodiscard]] double worst_headroom(RackRank& rank, std::uint32_t rack, base::Power growth) const;
  [[nodiscard]] double own_headroom(const Place& place, base::Power estimate) const;
  [[nodiscard]] double mean_headroom(RackRank& rank, std::uint32_t rack) const;
  [[nodiscard]] bool limited(std::uint32_t rack) const;

  const RackGatesInput gates_input_;
  const bool standard_;                              // view.gates hold, but for what is in flight
  Gate own_;                                         // the pod itself
  ByMode<Room> caps_;                                // powerCapLimit
  std::vector<std::optional<ClassDemand>> demands_;  // by class
  std::vector<std::optional<RackGates>> own_gates_;  // by rack; the last one: no rack. Empty until one is needed
  std::vector<RackRank> ranks_;                      // by rack; empty until one is needed
};

}  // namespace headroom::scoring
