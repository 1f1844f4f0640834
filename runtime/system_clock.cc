#include "runtime/system_clock.h"

#include <time.h>

#include <condition_variable>
#include <mutex>

namespace headroom::runtime {

base::MonoTime SystemClock::mono_now() const {
  return base::MonoTime(
      std::chrono::duration_cast<base::Microseconds>(std::chrono::steady_clock::now().time_since_epoch()));
}

base::WallTime SystemClock::wall_now() const {
  return std::chrono::time_point_cast<base::Microseconds>(std::chrono::system_clock::now());
}

base::WaitResult SystemClock::wait_until(base::MonoTime deadline, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  const std::chrono::steady_clock::time_point until(deadline.time_since_epoch());
  // Nobody notifies: the wait ends by the deadline or by the stop.
  never.wait_until(lock, stop, until, [&] { return mono_now() >= deadline; });
  return stop.stop_requested() && mono_now() < deadline ? base::WaitResult::stop_requested
                                                        : base::WaitResult::deadline_reached;
}

base::MonoTime BootClock::mono_now() const {
  timespec now{};
  static_cast<void>(::clock_gettime(CLOCK_BOOTTIME, &now));
  return base::MonoTime(base::Seconds(now.tv_sec) +
                        std::chrono::duration_cast<base::Microseconds>(std::chrono::nanoseconds(now.tv_nsec)));
}

base::WallTime BootClock::wall_now() const {
  return SystemClock().wall_now();
}

base::WaitResult BootClock::wait_until(base::MonoTime deadline, std::stop_token stop) {
  SystemClock waiting;
  const std::stop_token stopped = stop;
  (void)waiting.wait_until(waiting.mono_now() + (deadline - mono_now()), std::move(stop));
  return stopped.stop_requested() && mono_now() < deadline ? base::WaitResult::stop_requested
                                                           : base::WaitResult::deadline_reached;
}

}  // namespace headroom::runtime
