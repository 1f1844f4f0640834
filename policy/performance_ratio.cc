#include "policy/performance_ratio.h"

#include <algorithm>

namespace headroom::policy {
namespace {

using base::Power;

constexpr base::Seconds kSettling{60};
constexpr base::Seconds kUnsettled{600};
constexpr double kLeastOfBest = 0.05;
constexpr std::int32_t kDefaultTolerance = 10;  // percent
constexpr std::int32_t kTurn = 10;              // percent
constexpr std::int32_t kStep = 5;               // percent
// Of a best near 0 any ratio can come; targets end here, too.
constexpr double kLargest = 1e6;

std::int64_t seconds_of(base::MonoTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::int32_t tolerance_of(const model::PerformancePowerRatio& wanted) {
  return wanted.tolerance_percent.value_or(kDefaultTolerance);
}

void begin_anew(RatioMemory& memory, base::MonoTime now) {
  memory.since = now;
  memory.performance = memory.watts = 0;
  memory.samples = 0;
}

void forget_data(RatioMemory& memory, RatioLack lack) {
  memory.since.reset();
  memory.told.reset();
  memory.ratio.reset();
  memory.verdict = RatioVerdict::no_data;
  memory.lack = lack;
}

RatioVerdict verdict_of(const model::PerformancePowerRatio& wanted, double ratio, std::int32_t percent) {
  const double tolerance = percent / 100.0;
  if (ratio < wanted.target_ratio * (1 - tolerance)) return RatioVerdict::below;
  return ratio > wanted.target_ratio * (1 + tolerance) ? RatioVerdict::above : RatioVerdict::within;
}

std::optional<RatioLack> lack_of(const RatioFacts& facts, std::optional<double> best) {
  if (!facts.performance) return RatioLack::performance;
  if (!facts.drawn || *facts.drawn <= Power()) return RatioLack::watts;
  if (!best || *best <= 0) return RatioLack::best;
  return *facts.performance < kLeastOfBest * *best ? std::optional(RatioLack::load) : std::nullopt;
}

// What lies between two terms as leader is not known, and somebody else's orders stand.
void take_up(RatioMemory& memory, base::MonoTime now) {
  if (memory.round && now - *memory.round > kSettling) {
    forget_data(memory, RatioLack::performance);
    memory.held_to.reset();
    memory.direction = RatioVerdict::no_data;
  }
  memory.round = now;
}

void take_sample(const RatioFacts& facts, base::MonoTime now, RatioMemory& memory) {
  if (!memory.since) begin_anew(memory, now);
  if (!memory.told) memory.told = now;
  if (memory.verdict == RatioVerdict::no_data) memory.lack = facts.settled ? RatioLack::best : RatioLack::orders;
  memory.performance += *facts.performance;
  memory.watts += base::to_watts(*facts.drawn);
  ++memory.samples;
}

void move(const model::PerformancePowerRatio& wanted, const RatioFacts& facts, Power drawn, RatioMemory& memory) {
  const bool turns = memory.direction != RatioVerdict::no_data && memory.direction != memory.verdict;
  const std::int32_t needed = turns ? std::max(tolerance_of(wanted), kTurn) : tolerance_of(wanted);
  const std::int32_t step = std::min(tolerance_of(wanted), kStep);
  switch (verdict_of(wanted, *memory.ratio, needed)) {
    case RatioVerdict::below: {
      const Power from = std::min({memory.held_to.value_or(facts.limit), drawn, facts.limit});
      if (from <= facts.least) return;
      memory.held_to = std::max(base::scaled_down(from, base::percent(100 - step)), facts.least);
      break;
    }
    case RatioVerdict::above:
      if (!memory.held_to) return;
      memory.held_to = base::scaled_up(*memory.held_to, base::percent(100 + step));
      break;
    default: return;
  }
  memory.direction = memory.verdict;
}

void end_at(Power limit, RatioMemory& memory) {
  if (memory.held_to && *memory.held_to >= limit) memory.held_to.reset();
}

void judge(const model::PerformancePowerRatio& wanted, const RatioFacts& facts, double best, RatioMemory& memory) {
  const auto count = static_cast<double>(memory.samples);
  const Power drawn = base::power_from_watts(memory.watts / count).value_or(*facts.drawn);
  const double power = base::to_watts(drawn) / base::to_watts(facts.limit);
  memory.ratio = std::min(memory.performance / count / best / power, kLargest);
  memory.verdict = verdict_of(wanted, *memory.ratio, tolerance_of(wanted));
  if (facts.may_step) move(wanted, facts, drawn, memory);
  end_at(facts.limit, memory);
}

}  // namespace

void BestMean::add(double value, base::MonoTime now) {
  const std::int64_t second = seconds_of(now);
  const std::int64_t number = second / kSlotSeconds;
  Slot& slot = slots_[static_cast<std::size_t>(number) % kSlots];
  if (slot.number != number) slot = {number, second, second, 0, 0};
  slot.last = second;
  slot.sum += value;
  ++slot.count;
}

std::optional<double> BestMean::best(base::MonoTime now) const {
  const std::int64_t current = seconds_of(now) / kSlotSeconds;
  std::optional<double> best;
  for (const Slot& slot : slots_) {
    if (slot.number < 0 || slot.number >= current || slot.number <= current - std::int64_t{kSlots}) continue;
    if (slot.last - slot.first < kEnoughSeconds) continue;
    best = std::max(best.value_or(0), slot.sum / static_cast<double>(slot.count));
  }
  return best;
}

void step_ratio(const model::PerformancePowerRatio& wanted, const RatioFacts& facts, base::MonoTime now,
                RatioMemory& memory) {
  take_up(memory, now);
  end_at(facts.limit, memory);
  if (facts.performance) memory.best.add(*facts.performance, now);
  const auto best = memory.best.best(now);
  if (const auto lack = lack_of(facts, best)) return forget_data(memory, *lack);
  take_sample(facts, now, memory);
  if (!facts.settled) {
    // What was seen while orders were on their way says nothing about them.
    begin_anew(memory, now);
    if (now - *memory.told > kUnsettled) forget_data(memory, RatioLack::orders);
    return;
  }
  if (now - *memory.since < kSettling) return;
  judge(wanted, facts, *best, memory);
  memory.told = now;
  begin_anew(memory, now);
}

}  // namespace headroom::policy
