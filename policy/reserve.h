// What a node draws beside the domains that can be capped (fans, memory, disks, conversion loss), for the order's
// reserveWatts: what its wall meter shows less what its agent meters in the domains. Pure; time is a parameter.
//
//   proven    the p95 of the samples in the ten minutes before the newest one, plus 5 %
//   meter and agent speak, a minute's worth of samples    proven, be it above or below the class's overhead
//   they speak, fewer samples than that                   the larger of proven and the order that stands; without one
//                                                         of proven and the class's overhead
//   either is silent                                      the larger of proven and the class's overhead, for ten
//                                                         minutes: never less than was proven last
//   nothing in the window                                 the class's overhead
//
// Only a wall meter counts: a budget is meant at the node's inlet, and psys and RAPL do not see what a power supply
// loses. What is metered a few seconds apart errs upwards when load falls, which the percentile leaves out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/units.h"

namespace headroom::policy {

// The largest sample of each 5 s, for the ten minutes before the newest one. About 2 kB; nothing grows. Not
// thread-safe.
class ReserveWindow {
 public:
  // What is below 0 counts as 0. A time before the newest sample's is ignored.
  void add(base::Power sample, base::MonoTime now);
  // Nothing: no sample, or the newest is older than ten minutes.
  [[nodiscard]] std::optional<base::Power> p95(base::MonoTime now) const;
  [[nodiscard]] bool spans_a_minute() const { return filled_ >= kEnough; }

 private:
  static constexpr std::int64_t kSlotSeconds = 5;
  static constexpr std::size_t kSlots = 600 / kSlotSeconds;
  static constexpr std::size_t kEnough = 60 / kSlotSeconds;

  struct Slot {
    std::int64_t number = -1;  // since the clock's epoch
    base::Power most;
  };
  [[nodiscard]] bool counts(const Slot& slot) const {
    return slot.number >= 0 && slot.number > newest_ - std::int64_t{kSlots};
  }

  std::array<Slot, kSlots> slots_{};
  std::int64_t newest_ = -1;
  std::size_t filled_ = 0;  // slots within ten minutes before the newest
};

struct ReserveFacts {
  std::optional<base::Power> wall;          // a fresh wall meter
  std::optional<base::Power> controllable;  // what the agent meters now in all domains that can be capped
  std::optional<base::Power> standing;      // reserveWatts of the order that stands
  base::Power overhead;                     // of the node's class
};

// Takes a sample where there is one.
[[nodiscard]] base::Power reserve_of(const ReserveFacts& facts, ReserveWindow& window, base::MonoTime now);

}  // namespace headroom::policy
