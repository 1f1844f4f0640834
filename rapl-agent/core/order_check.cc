#include "rapl-agent/core/order_check.h"

#include <utility>

namespace headroom::rapl_agent::core {
namespace {

// Far above any node, far below where sums of microwatts overflow.
constexpr base::Power kMostWatts = base::watts(1'000'000'000);

std::string wrong_value(const model::NodePowerCapSpec& spec) {
  const std::pair<const char*, std::optional<base::Power>> watts[] = {
      {"budgetWatts", spec.budget}, {"fallbackWatts", spec.fallback},    {"cpuPackageWatts", spec.cpu_package},
      {"gpuWatts", spec.gpu},       {"hardLimitWatts", spec.hard_limit},
  };
  for (const auto& [name, value] : watts) {
    if (value && (*value <= base::Power{} || *value > kMostWatts)) return std::string(name) + " is out of range";
  }
  if (spec.reserve < base::Power{} || spec.reserve > kMostWatts) return "reserveWatts is out of range";
  if (spec.short_term_percent && (*spec.short_term_percent < 1 || *spec.short_term_percent > 200)) {
    return "shortTermPercent is not within 1..200";
  }
  if (spec.time_window && spec.time_window->count() <= 0) return "timeWindowMilliseconds is not above 0";
  if (spec.stamp.epoch < 1 || spec.stamp.epoch > model::kMaxCapEpoch) return "epoch is out of range";
  if (spec.stamp.sequence < 1 || spec.stamp.sequence > model::kMaxCapSequence) return "sequence is out of range";
  return {};
}

}  // namespace

OrderJudgement judge_order(const std::optional<CapOrder>& accepted, const CapOrder& order) {
  if (accepted && accepted->id() == order.id()) return {OrderVerdict::same, {}};
  if (std::string wrong = wrong_value(order.spec); !wrong.empty()) return {OrderVerdict::refused, std::move(wrong)};
  if (accepted && accepted->uid == order.uid && order.spec.stamp < accepted->spec.stamp) {
    return {OrderVerdict::refused, "epoch and sequence are below those of the order in force"};
  }
  return {OrderVerdict::newer, {}};
}

}  // namespace headroom::rapl_agent::core
