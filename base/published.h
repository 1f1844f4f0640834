// Published<T>: one writer hands an immutable value to many readers.
//
// A reader calls load() once per request and works on that value to the end; the value lives as long as somebody
// holds it. Any thread may call either function. A mutex guards only the pointer swap: std::atomic<std::shared_ptr>
// of g++ 12 is reported as racy by ThreadSanitizer inside libstdc++.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace headroom::base {

template <class T>
class Published {
 public:
  Published() = default;
  explicit Published(std::shared_ptr<const T> initial) : current_(std::move(initial)) {}
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  // Null before the first publish().
  [[nodiscard]] std::shared_ptr<const T> load() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void publish(std::shared_ptr<const T> next) {
    {
      const std::lock_guard lock(mutex_);
      current_.swap(next);
    }
    // The previous value dies here, outside the lock: freeing a large snapshot must not hold readers up.
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> current_;
};

}  // namespace headroom::base
