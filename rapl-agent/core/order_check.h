// Whether an order may be acted on.
#pragma once

#include <optional>
#include <string>

#include "rapl-agent/core/cap_order.h"

namespace headroom::rapl_agent::core {

enum class OrderVerdict {
  newer,    // act on it
  same,     // the one that is acted on
  refused,  // stale leader, or values that make no sense: the last order stays
};

struct OrderJudgement {
  OrderVerdict verdict = OrderVerdict::refused;
  std::string problem;  // when refused
};

// Of one object, a smaller (epoch, sequence) is a stale leader's and an equal one is the same order: the API server
// lets no spec change without a larger one. Another uid is a new object. Watts must be above 0 and no node's impossible
// ones, percentages 1..200.
[[nodiscard]] OrderJudgement judge_order(const std::optional<CapOrder>& accepted, const CapOrder& order);

}  // namespace headroom::rapl_agent::core
