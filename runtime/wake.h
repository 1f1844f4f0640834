// Wakes a loop that waits on a Clock before its deadline: "something new was published, or this much time has passed".
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>

#include "base/clock.h"

namespace headroom::runtime {

// Any thread may call notify(); one thread waits. A notify() while nobody waits ends the next wait at once.
class Wake {
 public:
  void notify() {
    const std::lock_guard lock(mutex_);
    pending_.request_stop();
  }

  // True: woken or past the deadline. False: stop.
  [[nodiscard]] bool wait(base::Clock& clock, base::MonoTime deadline, const std::stop_token& stop) {
    std::stop_token woken;
    {
      const std::lock_guard lock(mutex_);
      woken = pending_.get_token();
    }
    const std::stop_callback on_stop(stop, [this] { notify(); });
    (void)clock.wait_until(deadline, woken);
    const std::lock_guard lock(mutex_);
    if (pending_.stop_requested()) pending_ = std::stop_source();
    return !stop.stop_requested();
  }

 private:
  std::mutex mutex_;
  std::stop_source pending_;  // guarded by mutex_; "stop" here means "wake"
};

}  // namespace headroom::runtime
