#include "test/rigs/raplfs/silicon.h"

#include <algorithm>

namespace headroom::raplfs {

double Silicon::effective_cap() const {
  if (offline) return 0;
  double allowed = ceiling;
  for (const auto& [surface, cap] : caps_) {
    if (cap.enforced) allowed = std::min(allowed, cap.microwatts);
  }
  return allowed;
}

double Silicon::power() const {
  if (offline) return 0;
  double total = std::min(demand, std::max(floor, effective_cap()));
  for (const auto& part : includes) {
    if (const auto inner = part.lock()) total += inner->power();
  }
  return total;
}

void Silicon::advance(Moment now) {
  if (last_ >= 0 && now > last_ && !frozen) consumed_ += power() * static_cast<double>(now - last_) / 1e6;
  last_ = std::max(last_, now);
}

}  // namespace headroom::raplfs
