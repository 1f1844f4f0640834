// The score of a node: rank.h's rule over the judge's working set.
#include <algorithm>

#include "scoring/judge_work.h"

namespace headroom::scoring {
namespace {

using base::Power;
using topology::RackStanding;

// base::scaled_up; in 64 bits where they are enough, since a division of 128 is a call.
Power share_of(Power growth, base::Share share) {
  constexpr std::int64_t kEnough = 1'000'000'000'000;  // a megawatt
  const bool narrow = growth >= Power() && growth.count() <= kEnough && share <= base::ppm(1'000'000);
  if (!narrow || share < base::Share()) return base::scaled_up(growth, share);
  return base::microwatts((growth.count() * share.count() + 999'999) / 1'000'000);
}

}  // namespace

// Some limit in watts bears on the rack's nodes.
bool Judge::Work::limited(std::uint32_t rack) const {
  if (rack == kNone) return false;
  if (books.table->racks[rack].lookup.standing == RackStanding::in_force) return true;
  const policy::RackLimit* limit = policy_limit(gates_input_, rack, Mode::enforce);
  return limit != nullptr && limit->max_power.has_value();
}

double Judge::Work::worst_headroom(RackRank& rank, std::uint32_t rack, Power growth) const {
  if (rank.worst_known && rank.worst_growth == growth) return rank.worst;
  double worst = 1;
  for (const PathStep& step : view.paths.of(rack)) {
    Power load = step.present + share_of(growth, step.share);
    if (!flight.elements.empty()) load += flight.elements[step.element].present;
    worst = std::min(worst, normalised_headroom(step.limit, load));
  }
  const policy::RackLimit* limit = policy_limit(gates_input_, rack, Mode::enforce);
  if (limit != nullptr && limit->max_power) {
    Power load = view.racks[rack].present + growth;
    if (!flight.racks.empty()) load += flight.racks[rack].present;
    worst = std::min(worst, normalised_headroom(*limit->max_power, load));
  }
  rank.worst_known = true;
  rank.worst_growth = growth;
  rank.worst = worst;
  return worst;
}

double Judge::Work::own_headroom(const Place& place, Power estimate) const {
  Power load = place.row->idle;
  if (place.node != kNone) load = view.nodes[place.node].present.with(flight.on(place.node) + estimate);
  if (place.node == kNone) load += estimate;
  return normalised_headroom(place.row->peak, load);
}

double Judge::Work::mean_headroom(RackRank& rank, std::uint32_t rack) const {
  if (rank.mean_known) return rank.mean;
  rank.mean_known = true;
  const auto& nodes = books.table->racks[rack].nodes;
  double sum = 0;
  for (const std::uint32_t node : nodes) sum += own_headroom(place_of(node), {});
  rank.mean = nodes.empty() ? 0 : sum / static_cast<double>(nodes.size());
  return rank.mean;
}

int Judge::Work::score(const Place& place) {
  const topology::Compiled& topology = *books.topology;
  const bool in_force = place.rack != kNone && books.table->racks[place.rack].lookup.standing == RackStanding::in_force;
  if (topology.any_object && !in_force) return 0;
  const Power estimate = estimate_on(*place.row).power;
  if (limited(place.rack)) {
    RackRank& rank = rank_of(place.rack);
    return score_of({worst_headroom(rank, place.rack, present_growth(place, estimate)), gates_of(place.rack).thermal});
  }
  RankTerms terms{own_headroom(place, estimate), 0};
  if (place.rack != kNone) {
    RackRank& rank = rank_of(place.rack);
    terms.second = std::min(mean_headroom(rank, place.rack), gates_of(place.rack).thermal);
  }
  return score_of(terms);
}

}  // namespace headroom::scoring
