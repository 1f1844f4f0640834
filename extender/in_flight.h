// Reservations that the books do not show yet, summed over the elements that would carry them.
#pragma once

#include <vector>

#include "base/units.h"
#include "scoring/books.h"
#include "scoring/ledger.h"

namespace headroom::extender {

struct InFlight {
  std::vector<base::Power> elements;  // by Compiled::elements
  std::vector<base::Power> racks;     // by NodeTable::racks
  base::Power total;
  std::size_t pods = 0;
};

// Whole estimates: an upper bound where a node's maxWatts clamps.
[[nodiscard]] InFlight in_flight_of(const scoring::Books& books, const scoring::LedgerView& ledger);

}  // namespace headroom::extender
