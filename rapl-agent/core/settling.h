// What a domain counts for while its limit settles. A lowered limit is an average over a window: until that has passed
// the domain may still draw what it was allowed before, so it counts for that.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/units.h"

namespace headroom::rapl_agent::core {

class SettlingCharge {
 public:
  // `worst` is what the limit in force now allows; `window` its averaging window. Rises count at once.
  void update(base::Power worst, base::Microseconds window, base::MonoTime now) {
    if (!charge_ || worst >= *charge_) {
      charge_ = worst;
      falling_.reset();
      return;
    }
    if (!falling_ || worst != falling_->to) falling_ = Falling{worst, now};
    if (now - falling_->since >= window) {
      charge_ = worst;
      falling_.reset();
    }
  }
  [[nodiscard]] bool known() const { return charge_.has_value(); }
  // REQUIRES: known().
  [[nodiscard]] base::Power charge() const { return *charge_; }
  // No fall is waiting for its window.
  [[nodiscard]] bool settled() const { return charge_ && !falling_; }
  [[nodiscard]] std::optional<base::MonoTime> falling_since() const {
    return falling_ ? std::optional(falling_->since) : std::nullopt;
  }

 private:
  struct Falling {
    base::Power to;
    base::MonoTime since;
  };
  std::optional<base::Power> charge_;
  std::optional<Falling> falling_;
};

}  // namespace headroom::rapl_agent::core
