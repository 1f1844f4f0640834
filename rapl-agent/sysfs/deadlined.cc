#include "rapl-agent/sysfs/deadlined.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace headroom::rapl_agent::sysfs {
namespace {

constexpr std::size_t kStuckDriver = 3;
constexpr int kStuckShare = 20;
constexpr const char* kDiscovery = "";

}  // namespace

// A thread that runs one job at a time. The thread shares ownership, so a hung one can be let go.
class Deadlined::Worker {
 public:
  static std::shared_ptr<Worker> start() {
    auto worker = std::make_shared<Worker>();
    worker->thread_ = std::thread([worker] { worker->loop(); });
    return worker;
  }

  // REQUIRES: no job is running. "Stop requested" of the token means "done".
  std::stop_token submit(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    done_ = std::stop_source();
    job_ = std::move(job);
    changed_.notify_one();
    return done_.get_token();
  }
  [[nodiscard]] bool done() const {
    const std::lock_guard lock(mutex_);
    return done_.stop_requested();
  }
  void end_and_join() {
    ask_to_end();
    thread_.join();
  }
  void ask_to_end_and_let_go() {
    ask_to_end();
    thread_.detach();
  }

 private:
  void ask_to_end() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_one();
  }
  void loop() {
    for (;;) {
      std::function<void()> job;
      std::stop_source done;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ending_ || job_ != nullptr; });
        if (job_ == nullptr) return;
        job = std::exchange(job_, nullptr);
        done = done_;
      }
      job();
      job = nullptr;  // what it holds goes before anybody is told
      done.request_stop();
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> job_;  // guarded by mutex_, as are the next two
  std::stop_source done_;
  bool ending_ = false;
  std::thread thread_;
};

Deadlined::Deadlined(Wrapped wrapped, base::Milliseconds deadline, base::Clock& clock)
    : wrapped_(std::move(wrapped)), deadline_(deadline), clock_(clock) {}

Deadlined::~Deadlined() {
  for (const auto& worker : idle_) worker->end_and_join();
  for (const auto& [lane, worker] : hung_) worker->ask_to_end_and_let_go();
}

bool Deadlined::run(const std::string& lane, std::function<void()> job) {
  if (const auto hung = hung_.find(lane); hung != hung_.end()) {
    if (!hung->second->done()) return false;
    idle_.push_back(std::move(hung->second));
    hung_.erase(hung);
  }
  std::shared_ptr<Worker> worker;
  if (idle_.empty()) {
    worker = Worker::start();
  } else {
    worker = std::move(idle_.back());
    idle_.pop_back();
  }
  const auto allowed = hung_.size() < kStuckDriver ? deadline_ : deadline_ / kStuckShare;
  const std::stop_token done = worker->submit(std::move(job));
  (void)clock_.wait_until(clock_.mono_now() + allowed, done);
  if (!done.stop_requested()) {
    hung_.emplace(lane, std::move(worker));
    return false;
  }
  idle_.push_back(std::move(worker));
  return true;
}

template <class T, class Call>
T Deadlined::answer(const std::string& lane, T when_hung, Call call) {
  const auto result = std::make_shared<T>();
  // What was wrapped is copied, not referred to: the job may outlive this object.
  if (!run(lane, [result, wrapped = wrapped_, call = std::move(call)] { *result = call(wrapped); })) return when_hung;
  return std::move(*result);
}

core::Inventory Deadlined::discover() {
  return answer(kDiscovery, core::Inventory{.outcome = core::Outcome::hung},
                [](const Wrapped& wrapped) { return wrapped.backend->discover(); });
}

core::Access Deadlined::read(const core::ControlKey& key) {
  return answer(key.domain, core::Access{.outcome = core::Outcome::hung},
                [key](const Wrapped& wrapped) { return wrapped.backend->read(key); });
}

core::Access Deadlined::write(const core::ControlKey& key, std::uint64_t value) {
  return answer(key.domain, core::Access{.outcome = core::Outcome::hung},
                [key, value](const Wrapped& wrapped) { return wrapped.backend->write(key, value); });
}

core::MeterReading Deadlined::sample(const std::string& domain) {
  if (wrapped_.meter == nullptr) return {.outcome = core::Outcome::unsupported};
  return answer(domain, core::MeterReading{.outcome = core::Outcome::hung},
                [domain](const Wrapped& wrapped) { return wrapped.meter->sample(domain); });
}

}  // namespace headroom::rapl_agent::sysfs
