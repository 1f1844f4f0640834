// Where a cap comes from in standalone mode: a curve over the day, a number, a table, a query.
#pragma once

#include <optional>
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

// What a market's table tells about a period, for people and other programs; nothing is decided by it. Nothing: the
// table has no such column. Empty: it has, and not for this period.
struct MarketFacts {
  std::optional<std::string> volume{};  // "812.4"
  std::optional<std::string> price{};   // "61.05"

  bool operator==(const MarketFacts&) const = default;
};

struct SourcePower {
  base::Power power;
  std::string period{};  // "06:00-06:15" where the source knows for how long; else empty
  MarketFacts market{};
};

// One thread uses it. A source that reaches outside blocks for seconds at most. Errors: no answer now; whoever asks
// decides how long an earlier answer holds.
class CapSource {
 public:
  virtual ~CapSource() = default;
  [[nodiscard]] virtual base::Result<SourcePower> power_at(const Moment& moment) = 0;
};

}  // namespace headroom::rapl_agent::standalone
