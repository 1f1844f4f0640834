// What the node draws outside its controllable domains: fans, memory, disks, NICs, conversion loss.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/units.h"

namespace headroom::rapl_agent::core {

// The 95th percentile, upper, of what was added within a span. Not thread-safe.
class SlidingP95 {
 public:
  explicit SlidingP95(base::Microseconds span) : span_(span) {}
  void add(base::Power value, base::MonoTime now);
  void forget_before(base::MonoTime now);
  [[nodiscard]] std::optional<base::Power> value() const;

 private:
  base::Microseconds span_;
  std::deque<std::pair<base::MonoTime, base::Power>> values_;
};

struct Reserve {
  base::Power power;
  std::string basis;  // "order", "meter", "config"
};
// The larger of what the order says and what the node knows itself: what its meter shows, plus 5 %, and without a meter
// what its operator configured.
[[nodiscard]] Reserve reserve_of(std::optional<base::Power> ordered, std::optional<base::Power> measured_p95,
                                 base::Power configured);

}  // namespace headroom::rapl_agent::core
