// A Clock that stands still until somebody calls advance(). Waiters wake when their deadline is passed by advance() or
// their stop is requested, so a test drives loops without sleeping. Thread-safe.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/clock.h"

namespace headroom::base {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime wall_start = WallTime(Seconds(1'800'000'000))) : wall_start_(wall_start) {}

  [[nodiscard]] MonoTime mono_now() const override {
    const std::lock_guard lock(mutex_);
    return MonoTime(elapsed_);
  }
  [[nodiscard]] WallTime wall_now() const override {
    const std::lock_guard lock(mutex_);
    return wall_start_ + elapsed_;
  }
  WaitResult wait_until(MonoTime deadline, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    ++waiters_;
    changed_.notify_all();
    const bool reached = changed_.wait(lock, stop, [&] { return MonoTime(elapsed_) >= deadline; });
    --waiters_;
    return reached ? WaitResult::deadline_reached : WaitResult::stop_requested;
  }

  void advance(Microseconds by) {
    const std::lock_guard lock(mutex_);
    elapsed_ += by;
    changed_.notify_all();
  }
  // Blocks until `count` threads wait on this clock: the moment a test may advance it without racing a loop.
  void await_waiters(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiters_ >= count; });
  }

 private:
  const WallTime wall_start_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Microseconds elapsed_{std::chrono::hours(1)};
  int waiters_ = 0;
};

}  // namespace headroom::base
