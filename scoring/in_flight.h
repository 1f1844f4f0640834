// What the ledger and the nominations add to the books, seen by one pod. Private to this folder.
//
// Only entries that the books do not show yet count, and never the pod's own. A node's growth is not the sum of the
// entries where a clamp acts, so they are summed per node first and then taken up its path.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.h"
#include "model/pod.h"
#include "scoring/books.h"
#include "scoring/ledger.h"

namespace headroom::scoring {

struct InFlightLoad {
  base::Power booked;
  base::Power present;
};

struct InFlight {
  bool any = false;
  std::vector<base::Power> nodes;      // watts promised on the node, by row; empty when there are none
  std::vector<InFlightLoad> racks;     // growth, by NodeTable::racks
  std::vector<InFlightLoad> elements;  // growth, by Compiled::elements
  std::vector<base::Power> policies;   // promised to members, by the pod's membership

  [[nodiscard]] base::Power on(std::uint32_t node) const { return nodes.empty() ? base::Power() : nodes[node]; }
};

struct InFlightInput {
  const Books& books;
  const LedgerView& ledger;
  const model::Pod& pod;
  const std::vector<policy::PolicyNumber>& policies;  // of the pod
  const View& view;
};

[[nodiscard]] InFlight in_flight(const InFlightInput& input);

}  // namespace headroom::scoring
