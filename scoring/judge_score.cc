// The score of a node: rank.h's rule over the judge's working set.
#include <algorithm>

#include "scoring/judge_work.h"

namespace headroom::scoring {
namespace {

using base::Power;
using topology::RackStanding;

}  // namespace

// Some limit in watts bears on the rack's nodes.
bool Judge::Work::limited(std::uint32_t rack) const {
  if (rack == kNone) return false;
  if (books.table->racks[rack].lookup.standing == RackStanding::in_force) return true;
  const policy::RackLimit* limit = policy_limit(rack, Mode::enforce);
  return limit != nullptr && limit->max_power.has_value();
}

double Judge::Work::worst_headroom(RackMemo& memo, std::uint32_t rack, Power growth) const {
  if (memo.worst_known && memo.worst_growth == growth) return memo.worst;
  double worst = 1;
  const topology::RackLookup& lookup = books.table->racks[rack].lookup;
  if (lookup.standing == RackStanding::in_force) {
    for (const topology::ElementShare& above : books.topology->elements[lookup.element].path) {
      Power load = view.elements[above.element].present + base::scaled_up(growth, above.share);
      if (!flight.elements.empty()) load += flight.elements[above.element].present;
      worst = std::min(worst, normalised_headroom(books.topology->elements[above.element].limit, load));
    }
  }
  const policy::RackLimit* limit = policy_limit(rack, Mode::enforce);
  if (limit != nullptr && limit->max_power) {
    Power load = view.racks[rack].present + growth;
    if (!flight.racks.empty()) load += flight.racks[rack].present;
    worst = std::min(worst, normalised_headroom(*limit->max_power, load));
  }
  memo.worst_known = true;
  memo.worst_growth = growth;
  memo.worst = worst;
  return worst;
}

double Judge::Work::own_headroom(const Place& place, Power estimate) const {
  Power load = place.row->idle;
  if (place.node != kNone) load = view.nodes[place.node].present.with(flight.on(place.node) + estimate);
  if (place.node == kNone) load += estimate;
  return normalised_headroom(place.row->peak, load);
}

double Judge::Work::mean_headroom(RackMemo& memo, std::uint32_t rack) const {
  if (memo.mean_known) return memo.mean;
  memo.mean_known = true;
  const auto& nodes = books.table->racks[rack].nodes;
  double sum = 0;
  for (const std::uint32_t node : nodes) sum += own_headroom(place_of(node), {});
  memo.mean = nodes.empty() ? 0 : sum / static_cast<double>(nodes.size());
  return memo.mean;
}

int Judge::Work::score(const Place& place) {
  const topology::Compiled& topology = *books.topology;
  const bool in_force = place.rack != kNone && books.table->racks[place.rack].lookup.standing == RackStanding::in_force;
  if (topology.any_object && !in_force) return 0;
  const Power estimate = estimate_on(*place.row).power;
  if (limited(place.rack)) {
    RackMemo& memo = mutable_memo(place.rack);
    return score_of({worst_headroom(memo, place.rack, present_growth(place, estimate)), memo.thermal});
  }
  RankTerms terms{own_headroom(place, estimate), 0};
  if (place.rack != kNone) {
    RackMemo& memo = mutable_memo(place.rack);
    terms.second = std::min(mean_headroom(memo, place.rack), memo.thermal);
  }
  return score_of(terms);
}

}  // namespace headroom::scoring
