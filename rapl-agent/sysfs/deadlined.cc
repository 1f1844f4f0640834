#include "rapl-agent/sysfs/deadlined.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
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

// How far the jobs of one worker have come, between it and whoever waits for it.
class Deadlined::Progress {
 public:
  explicit Progress(base::Clock& clock) : clock_(clock), since_(clock.mono_now()) {}

  // When the job that runs now was begun.
  [[nodiscard]] base::MonoTime since() const {
    const std::lock_guard lock(mutex_);
    return since_;
  }
  // A job has ended. False: nobody waits any more, and the clock may be gone.
  [[nodiscard]] bool next() {
    const std::lock_guard lock(mutex_);
    if (given_up_) return false;
    ++ended_;
    since_ = clock_.mono_now();
    return true;
  }
  // The number of the job that has run for too long; nobody waits for it from then on.
  [[nodiscard]] std::optional<std::size_t> late(base::Milliseconds allowed) {
    const std::lock_guard lock(mutex_);
    if (clock_.mono_now() < since_ + allowed) return std::nullopt;
    given_up_ = true;
    return ended_;
  }

 private:
  base::Clock& clock_;
  mutable std::mutex mutex_;
  base::MonoTime since_;  // guarded by mutex_, as are the next two
  std::size_t ended_ = 0;
  bool given_up_ = false;
};

Deadlined::Deadlined(Wrapped wrapped, base::Milliseconds deadline, base::Clock& clock)
    : wrapped_(std::move(wrapped)), deadline_(deadline), clock_(clock) {}

Deadlined::~Deadlined() {
  for (const auto& worker : idle_) worker->end_and_join();
  for (const auto& [lane, worker] : hung_) worker->ask_to_end_and_let_go();
}

bool Deadlined::hangs(const std::string& lane) {
  const auto hung = hung_.find(lane);
  if (hung == hung_.end()) return false;
  if (!hung->second->done()) return true;
  idle_.push_back(std::move(hung->second));
  hung_.erase(hung);
  return false;
}

std::size_t Deadlined::run_together(std::vector<Job> jobs) {
  std::shared_ptr<Worker> worker;
  if (idle_.empty()) {
    worker = Worker::start();
  } else {
    worker = std::move(idle_.back());
    idle_.pop_back();
  }
  const auto allowed = hung_.size() < kStuckDriver ? deadline_ : deadline_ / kStuckShare;
  const auto progress = std::make_shared<Progress>(clock_);
  const auto shared = std::make_shared<const std::vector<Job>>(std::move(jobs));
  const std::stop_token done = worker->submit([progress, shared] {
    for (const Job& job : *shared) {
      job.call();
      if (!progress->next()) return;
    }
  });
  for (;;) {
    (void)clock_.wait_until(progress->since() + allowed, done);
    if (done.stop_requested()) {
      idle_.push_back(std::move(worker));
      return shared->size();
    }
    if (const auto hung = progress->late(allowed)) {
      hung_.emplace((*shared)[std::min(*hung, shared->size() - 1)].lane, std::move(worker));
      return *hung;
    }
  }
}

std::vector<bool> Deadlined::run(const std::vector<Job>& jobs) {
  std::vector<bool> ran(jobs.size(), false);
  for (std::size_t from = 0; from < jobs.size();) {
    std::vector<Job> together;
    std::vector<std::size_t> places;
    for (std::size_t i = from; i < jobs.size(); ++i) {
      if (hangs(jobs[i].lane)) continue;
      together.push_back(jobs[i]);
      places.push_back(i);
    }
    if (together.empty()) break;
    const std::size_t count = run_together(std::move(together));
    for (std::size_t i = 0; i < count; ++i) ran[places[i]] = true;
    from = count < places.size() ? places[count] + 1 : jobs.size();
  }
  return ran;
}

template <class T, class Key, class LaneOf, class Call>
std::vector<T> Deadlined::answers(const std::vector<Key>& keys, LaneOf lane_of, Call call) {
  // A late call still writes to its own place there.
  const auto brought = std::make_shared<std::vector<T>>(keys.size());
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    // What was wrapped is copied, not referred to: the job may outlive this object.
    jobs.push_back({lane_of(keys[i]),
                    [brought, i, key = keys[i], wrapped = wrapped_, call] { (*brought)[i] = call(wrapped, key); }});
  }
  const std::vector<bool> ran = run(jobs);
  std::vector<T> result(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (ran[i]) {
      result[i] = std::move((*brought)[i]);
    } else {
      result[i].outcome = core::Outcome::hung;
    }
  }
  return result;
}

core::Inventory Deadlined::discover() {
  return answers<core::Inventory>(
             std::vector{std::string(kDiscovery)}, [](const std::string& lane) { return lane; },
             [](const Wrapped& wrapped, const std::string&) { return wrapped.backend->discover(); })
      .front();
}

std::vector<core::Access> Deadlined::read_all(const std::vector<core::ControlKey>& keys) {
  return answers<core::Access>(
      keys, [](const core::ControlKey& key) { return key.domain; },
      [](const Wrapped& wrapped, const core::ControlKey& key) { return wrapped.backend->read(key); });
}

core::Access Deadlined::read(const core::ControlKey& key) {
  return read_all({key}).front();
}

core::Access Deadlined::write(const core::ControlKey& key, std::uint64_t value) {
  return answers<core::Access>(
             std::vector{key}, [](const core::ControlKey& one) { return one.domain; },
             [value](const Wrapped& wrapped, const core::ControlKey& one) {
               return wrapped.backend->write(one, value);
             })
      .front();
}

std::vector<core::MeterReading> Deadlined::sample_all(const std::vector<std::string>& domains) {
  if (wrapped_.meter == nullptr) return {domains.size(), core::MeterReading{.outcome = core::Outcome::unsupported}};
  return answers<core::MeterReading>(
      domains, [](const std::string& domain) { return domain; },
      [](const Wrapped& wrapped, const std::string& domain) { return wrapped.meter->sample(domain); });
}

core::MeterReading Deadlined::sample(const std::string& domain) {
  return sample_all({domain}).front();
}

}  // namespace headroom::rapl_agent::sysfs
