// Delays between failed tries: doubling from 0.8 s to 30 s, each multiplied by a random 1..2, so that a thousand
// clients of a restarted server do not return together (client-go's numbers). Pure but for its own random state.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "base/durations.h"

namespace headroom::kube {

class Backoff {
 public:
  explicit Backoff(std::uint64_t seed, base::Milliseconds first = base::Milliseconds(800),
                   base::Milliseconds longest = base::Milliseconds(30'000))
      : random_(seed), first_(first), longest_(longest), next_(first) {}

  // The delay before the next try; never above `longest`.
  [[nodiscard]] base::Milliseconds next() {
    const double spread = std::uniform_real_distribution<double>(1.0, 2.0)(random_);
    const auto delay = base::Milliseconds(static_cast<std::int64_t>(static_cast<double>(next_.count()) * spread));
    next_ = std::min(next_ * 2, longest_);
    return std::min(delay, longest_);
  }
  void reset() { next_ = first_; }

 private:
  std::mt19937_64 random_;
  base::Milliseconds first_;
  base::Milliseconds longest_;
  base::Milliseconds next_;
};

}  // namespace headroom::kube
