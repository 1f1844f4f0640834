// How often the caps loop acts, and how long it waits.
#pragma once

#include "base/durations.h"

namespace headroom::controller {

struct CapsTiming {
  base::Milliseconds period{3'000};
  base::Milliseconds least_interval{1'000};  // between two rounds
  base::Milliseconds deadline{10'000};       // of a round, for its heartbeat
  base::Milliseconds heartbeat{5'000};
  base::Milliseconds max_books_age{15'000};  // nothing is decided on older books
  base::Milliseconds call_timeout{3'000};    // the longest that one call of the CapStore takes
  double writes_per_second = 100;
};

}  // namespace headroom::controller
