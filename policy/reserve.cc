#include "policy/reserve.h"

#include <algorithm>

#include "policy/allocate_round.h"

namespace headroom::policy {
namespace {

using base::Power;

constexpr base::Share kMargin = base::percent(105);

std::int64_t seconds_of(base::MonoTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

void ReserveWindow::add(Power sample, base::MonoTime now) {
  const std::int64_t number = seconds_of(now) / kSlotSeconds;
  if (number < newest_) return;
  newest_ = number;
  Slot& slot = slots_[static_cast<std::size_t>(number) % kSlots];
  if (slot.number != number) slot = {number, Power()};
  slot.most = std::max(slot.most, sample);
  filled_ = static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [this](const Slot& one) { return counts(one); }));
}

std::optional<Power> ReserveWindow::p95(base::MonoTime now) const {
  if (newest_ < 0 || seconds_of(now) / kSlotSeconds - newest_ > std::int64_t{kSlots}) return std::nullopt;
  std::array<Power, kSlots> values{};
  std::size_t count = 0;
  for (const Slot& slot : slots_) {
    if (counts(slot)) values[count++] = slot.most;
  }
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(count * 95 / 100);
  std::nth_element(values.begin(), at, values.begin() + static_cast<std::ptrdiff_t>(count));
  return *at;
}

Power reserve_of(const ReserveFacts& facts, ReserveWindow& window, base::MonoTime now) {
  const bool speaks = facts.wall && facts.controllable;
  if (speaks) window.add(*facts.wall - *facts.controllable, now);
  const auto p95 = window.p95(now);
  if (!p95) return facts.overhead;
  const Power proven = whole_watts_up(base::scaled_up(*p95, kMargin));
  if (!speaks) return std::max(proven, facts.overhead);
  if (window.spans_a_minute()) return proven;
  return std::max(proven, facts.standing.value_or(facts.overhead));
}

}  // namespace headroom::policy
