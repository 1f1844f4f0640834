#include "telemetry/counter_memory.h"

#include <algorithm>
#include <utility>

#include "base/energy_counter.h"

namespace headroom::telemetry {
namespace {

// More than any node draws. Exporters do not tell where their counters wrap, so a fall is always a new start.
constexpr base::Power kMaxPower = base::watts(1'000'000);

[[nodiscard]] bool same_counters(const CounterFrame& a, const CounterFrame& b) {
  return std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

// The power of all counters together between two frames with the same counters.
[[nodiscard]] std::optional<MeanPower> between(const CounterFrame& from, const CounterFrame& to,
                                               const CounterRules& rules) {
  const base::CounterLimits limits{std::nullopt, kMaxPower, rules.max_gap};
  MeanPower sum{{}, from.time, to.time};
  for (const auto& [key, value] : to.values) {
    const auto step = base::difference({from.values.at(key), from.time}, {value, to.time}, limits);
    if (step.verdict != base::CounterVerdict::ok) return std::nullopt;
    sum.power += step.power;
  }
  return sum;
}

}  // namespace

std::optional<MeanPower> CounterMemory::step(const std::string& quantity, CounterFrame frame,
                                             const CounterRules& rules) {
  std::deque<CounterFrame>& frames = frames_[quantity];
  if (!frames.empty() && frame.time <= frames.back().time) return std::nullopt;
  // Compared with the last frame first: a restart must not hide between two frames that lie further apart.
  if (!frames.empty() && (!same_counters(frames.back(), frame) || !between(frames.back(), frame, rules))) {
    frames.clear();
  }
  frames.push_back(std::move(frame));
  const base::WallTime now = frames.back().time;
  // The newest frame that is old enough becomes the oldest one kept.
  while (frames.size() > 2 && now - frames[1].time >= rules.min_window) frames.pop_front();
  if (frames.size() < 2) return std::nullopt;
  return between(frames.front(), frames.back(), rules);
}

void CounterMemory::forget_before(base::WallTime time) {
  std::erase_if(frames_, [time](const auto& entry) { return entry.second.back().time < time; });
}

}  // namespace headroom::telemetry
