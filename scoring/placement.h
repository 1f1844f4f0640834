// What bind needs beside a feasible verdict: the reservation for the ledger and the record for the pod's annotation.
#pragma once

#include <cstdint>

#include "scoring/books.h"
#include "scoring/decision_record.h"
#include "scoring/judge.h"
#include "scoring/ledger.h"

namespace headroom::scoring {

struct Placement {
  Reservation reservation;  // state reserved, since = now
  DecisionRecord record;
};

// REQUIRES: node_row is a row of the table of the books that the judge was made with.
[[nodiscard]] Placement placement_on(Judge& judge, std::uint32_t node_row, base::WallTime now);

}  // namespace headroom::scoring
