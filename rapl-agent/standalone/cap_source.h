// Where a cap comes from in standalone mode: a curve over the day, a number, a table, a query.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"

namespace headroom::rapl_agent::standalone {

// A moment as a source needs it. Local time is the container's (TZ).
struct Moment {
  base::WallTime wall;
  int minute_of_day = 0;  // local, 0..1439
};
// `wall` by the time zone of this process.
[[nodiscard]] Moment moment_at(base::WallTime wall);

struct SourcePower {
  base::Power power;
  std::string period{};  // "06:00-06:15" where the source knows for how long; else empty
};

// One thread uses it. A source that reaches outside blocks for seconds at most. Errors: no answer now; whoever asks
// decides how long an earlier answer holds.
class CapSource {
 public:
  virtual ~CapSource() = default;
  [[nodiscard]] virtual base::Result<SourcePower> power_at(const Moment& moment) = 0;
};

}  // namespace headroom::rapl_agent::standalone
