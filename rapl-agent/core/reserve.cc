#include "rapl-agent/core/reserve.h"

#include <algorithm>
#include <vector>

namespace headroom::rapl_agent::core {

void SlidingP95::add(base::Power value, base::MonoTime now) {
  forget_before(now);
  values_.emplace_back(now, value);
}

void SlidingP95::forget_before(base::MonoTime now) {
  while (!values_.empty() && now - values_.front().first > span_) values_.pop_front();
}

std::optional<base::Power> SlidingP95::value() const {
  if (values_.empty()) return std::nullopt;
  std::vector<base::Power> sorted;
  sorted.reserve(values_.size());
  for (const auto& [time, power] : values_) sorted.push_back(power);
  const std::size_t place = sorted.size() * 95 / 100;
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(place, sorted.size() - 1));
  std::nth_element(sorted.begin(), at, sorted.end());
  return *at;
}

Reserve reserve_of(std::optional<base::Power> ordered, std::optional<base::Power> measured_p95,
                   base::Power configured) {
  const base::Power own = measured_p95 ? base::scaled_up(*measured_p95, base::percent(105)) : configured;
  if (ordered && *ordered >= own) return {*ordered, "order"};
  return {own, measured_p95 ? "meter" : "config"};
}

}  // namespace headroom::rapl_agent::core
