#include "kube/events.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "kube/event_book.h"
#include "kube/resource.h"

namespace headroom::kube {
namespace {

constexpr std::size_t kLongestQueue = 1'000;
constexpr base::Seconds kLookAtSeries{1};
constexpr base::Seconds kLastTries{2};

ApiClientOptions client_options() {
  ApiClientOptions options;
  options.call_timeout = base::Milliseconds(2'000);
  options.idle_connections = 1;
  return options;
}

}  // namespace

class EventRecorder::Impl {
 public:
  Impl(ApiClient& client, EventRecorderOptions options)
      : options_(std::move(options)),
        client_(client.config(), client_options(), client.clock()),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  ~Impl() {
    thread_.request_stop();
    std::unique_lock lock(mutex_);
    idle_.wait_for(lock, kLastTries, [this] { return queue_.empty() && !writing_; });
    queue_.clear();
    lock.unlock();
    client_.cancel();
  }

  void record(Event event) {
    {
      const std::lock_guard lock(mutex_);
      if (queue_.size() >= kLongestQueue) {
        ++dropped_;
        return;
      }
      queue_.push_back(std::move(event));
    }
    changed_.notify_one();
  }

  [[nodiscard]] Counts counts() const { return {written_, aggregated_, dropped_, failed_}; }

 private:
  void run(const std::stop_token& stop) {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kLookAtSeries, [this] { return !queue_.empty(); });
      std::deque<Event> taken = std::exchange(queue_, {});
      if (taken.empty() && stop.stop_requested()) return;
      writing_ = true;
      lock.unlock();
      write_all(taken);
      lock.lock();
      writing_ = false;
      idle_.notify_all();
    }
  }

  void write_all(const std::deque<Event>& events) {
    base::Clock& clock = client_.clock();
    for (const Event& event : events) {
      const EventBook::Added added = book_.add(event, {clock.mono_now(), clock.wall_now()});
      if (added.fate == EventBook::Fate::aggregated) ++aggregated_;
      if (added.fate == EventBook::Fate::dropped) ++dropped_;
      if (added.write) write(*added.write);
    }
    for (const EventWrite& series : book_.due(clock.mono_now())) write(series);
  }

  void write(const EventWrite& write) {
    const Resource resource = resources::events(event_namespace(write.event.regarding));
    if (!write.create) {
      PatchRequest patch;
      patch.path = resource.object_path(write.name);
      patch.body = series_body(write);
      const auto patched = client_.patch(patch);
      if (patched || patched.error().kind != base::ErrorKind::not_found) return count(patched.ok());
      // The server forgets Events after an hour: begin a new one.
    }
    count(client_.post(resource.collection_path(), event_body(write, options_)).ok());
  }
  void count(bool ok) { ++(ok ? written_ : failed_); }  // NOLINT(bool parameter): an outcome

  const EventRecorderOptions options_;
  ApiClient client_;
  EventBook book_;  // used by the thread alone
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::condition_variable_any idle_;
  std::deque<Event> queue_;  // guarded by mutex_
  bool writing_ = false;     // guarded by mutex_
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> aggregated_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::jthread thread_;  // last: joined first
};

EventRecorder::EventRecorder(ApiClient& client, EventRecorderOptions options)
    : impl_(std::make_unique<Impl>(client, std::move(options))) {}
EventRecorder::~EventRecorder() = default;

void EventRecorder::record(Event event) {
  impl_->record(std::move(event));
}
EventRecorder::Counts EventRecorder::counts() const {
  return impl_->counts();
}

}  // namespace headroom::kube
