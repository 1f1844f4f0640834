// Time for the shell around the pure code. Pure functions take a time point as a parameter and never see a Clock.
//
//   MonoTime  for intervals, deadlines and back-off; never jumps
//   WallTime  for what other machines stamp and compare: pod start, sample time, Lease renewal
//
// runtime/system_clock.h reads the machine's clocks; base/manual_clock.h is the twin that tests move by hand.
#pragma once

#include <chrono>
#include <stop_token>

#include "base/durations.h"

namespace headroom::base {

// Points counted by a Clock, not by a particular std::chrono clock, so that nobody compares them with ::now().
struct MonoEpoch {
  using duration = Microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoEpoch>;
  static constexpr bool is_steady = true;
};
using MonoTime = MonoEpoch::time_point;
using WallTime = std::chrono::sys_time<Microseconds>;

enum class WaitResult { deadline_reached, stop_requested };

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonoTime mono_now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;
  // Blocks until mono_now() >= deadline or a stop is requested.
  virtual WaitResult wait_until(MonoTime deadline, std::stop_token stop) = 0;
};

}  // namespace headroom::base
