#include "extender/in_flight.h"

namespace headroom::extender {

InFlight in_flight_of(const scoring::Books& books, const scoring::LedgerView& ledger) {
  InFlight sums;
  sums.elements.resize(books.topology->elements.size());
  sums.racks.resize(books.table->racks.size());
  for (const auto& entry : ledger.entries) {
    if (books.counted.contains(entry->pod_uid)) continue;
    sums.total += entry->estimate;
    ++sums.pods;
    const std::uint32_t node = books.table->find(entry->node);
    const std::uint32_t rack =
        node == scoring::kNone ? books.table->find_rack(entry->rack) : books.table->nodes[node].rack;
    if (rack == scoring::kNone) continue;
    sums.racks[rack] += entry->estimate;
    const topology::RackLookup& lookup = books.table->racks[rack].lookup;
    if (lookup.standing != topology::RackStanding::in_force) continue;
    for (const topology::ElementShare& step : books.topology->elements[lookup.element].path) {
      sums.elements[step.element] += base::scaled_up(entry->estimate, step.share);
    }
  }
  return sums;
}

}  // namespace headroom::extender
