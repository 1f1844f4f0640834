#include "telemetry/collector.h"

#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>

#include "base/published.h"
#include "telemetry/discovery.h"
#include "telemetry/endpoint_registry.h"
#include "telemetry/meter_poller.h"
#include "telemetry/meter_store.h"
#include "telemetry/poll_queue.h"
#include "telemetry/reading_store.h"
#include "telemetry/source_job.h"

namespace headroom::telemetry {
namespace {

// How often the dispatcher looks whether a poll is due or a snapshot is to be published.
constexpr base::Milliseconds kTick{20};
constexpr base::Seconds kForgetEvery{60};
constexpr JobId kMeterJob = 0;
constexpr JobId kPerformanceJob = 1;
constexpr std::size_t kUnmatchedExamples = 32;

// Queries that are asked one after the other.
struct QueryJob {
  QueryJob(std::string name, SourceFactory& factory) : poller(factory) { status.name = std::move(name); }

  TopologyQueries queries;  // guarded, as is the status
  model::SourceStatus status;
  MeterPoller poller;
};

}  // namespace

class Collector::Impl {
 public:
  Impl(TelemetryConfig config, base::Clock& clock, SourceFactory& factory, OnPublish on_publish)
      : config_(std::move(config)),
        clock_(clock),
        factory_(factory),
        on_publish_(std::move(on_publish)),
        queue_(config_.concurrency),
        endpoints_(config_, queue_, kPerformanceJob + 1),
        meters_("topology queries", factory),
        performance_("performance queries", factory) {
    for (const JobId id : {kMeterJob, kPerformanceJob}) {
      queue_.add(id, config_.prometheus_interval, clock_.mono_now());
    }
  }
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void set_nodes(const std::vector<NodeIdentity>& nodes) {
    const std::lock_guard lock(mutex_);
    endpoints_.set_nodes(nodes);
  }
  void set_endpoint_slices(const std::vector<model::EndpointSlice>& slices) {
    Discovered found = discover(slices, config_.discovery);
    const std::lock_guard lock(mutex_);
    endpoints_.set_found(std::move(found), clock_.mono_now());
    dirty_ = true;
  }
  void set_topology_queries(TopologyQueries queries) {
    const std::lock_guard lock(mutex_);
    for (QueryJob* job : {&meters_, &performance_}) job->queries.clear();
    for (const MeterQuery& query : queries) {
      (query.kind == MeterKind::performance ? performance_ : meters_).queries.push_back(query);
    }
    meter_store_.set_queries(std::move(queries));
    dirty_ = true;
  }

  void start() {
    publish();
    for (std::int32_t i = 0; i < config_.concurrency; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
    threads_.emplace_back([this](const std::stop_token& stop) { dispatch(stop); });
  }
  [[nodiscard]] std::shared_ptr<const model::TelemetrySnapshot> published() const { return published_.load(); }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& [id, job] : endpoints_.jobs()) {
        if (job->source) job->source->cancel();
      }
      for (const auto& job : running_) {
        if (job->source) job->source->cancel();
      }
    }
    for (QueryJob* job : {&meters_, &performance_}) job->poller.cancel();
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
  }

 private:
  using JobPtr = EndpointRegistry::JobPtr;

  // --- the threads ---

  // Wakes the workers when something is due, and publishes.
  void dispatch(const std::stop_token& stop) {
    base::MonoTime last_publish = clock_.mono_now();
    while (!stop.stop_requested()) {
      {
        const std::lock_guard lock(mutex_);
        if (queue_.ready(clock_.mono_now())) due_.notify_all();
      }
      const base::MonoTime now = clock_.mono_now();
      if (now - last_publish >= config_.publish_interval && take_dirty()) {
        publish();
        last_publish = now;
      }
      clock_.wait_until(now + kTick, stop);
    }
  }

  void work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::unique_lock lock(mutex_);
      due_.wait(lock, stop, [this] { return queue_.ready(clock_.mono_now()); });
      if (stop.stop_requested()) return;
      const auto id = queue_.take(clock_.mono_now());
      if (!id) continue;
      const JobPtr job = endpoints_.job(*id);
      if (job) running_.insert(job);
      lock.unlock();
      const PollOutcome outcome = job ? poll_source(*job) : poll_queries(*id == kMeterJob ? meters_ : performance_);
      lock.lock();
      running_.erase(job);
      queue_.done(*id, outcome, clock_.mono_now());
      if (queue_.ready(clock_.mono_now())) due_.notify_one();
    }
  }

  // --- one poll, on a worker ---

  [[nodiscard]] base::Result<Poll> ask(SourceJob& job) {
    if (!job.source) {
      auto source = open_source(factory_, job.endpoint);
      if (!source) return source.error();
      const std::lock_guard lock(mutex_);
      job.source = std::move(source).value();
    }
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return base::unavailable("stopping");
    }
    return job.source->poll();
  }

  [[nodiscard]] PollOutcome poll_source(SourceJob& job) {
    const base::MonoTime started = clock_.mono_now();
    const base::WallTime asked = clock_.wall_now();
    const auto poll = ask(job);
    if (!poll) return failed(job.status, poll.error());
    DecodedPoll decoded = job.decoder.decode(poll->samples, *directory(), job.endpoint.join);
    return succeeded(job.status, [&] {
      for (const auto& [node, readings] : decoded.nodes) store_.add(job.id, node, readings);
      job.status.samples = poll->samples.size();
      job.status.junk_lines = poll->junk_lines;
      job.status.unmatched = decoded.unmatched;
      job.status.rejected = decoded.rejected;
      job.status.rejected_example = std::move(decoded.rejected_example);
      job.unmatched_examples = std::move(decoded.unmatched_examples);
      return record_success(job.status, asked, clock_.mono_now() - started);
    });
  }

  [[nodiscard]] PollOutcome poll_queries(QueryJob& job) {
    const base::MonoTime started = clock_.mono_now();
    const base::WallTime asked = clock_.wall_now();
    TopologyQueries queries;
    std::vector<Endpoint> prometheus;
    {
      const std::lock_guard lock(mutex_);
      if (job.queries.empty() || stopping_) return PollOutcome::good;
      queries = job.queries;
      prometheus = endpoints_.prometheus();
    }
    const auto poll = job.poller.poll(prometheus, queries);
    if (!poll) return failed(job.status, poll.error());
    return succeeded(job.status, [&] {
      for (const auto& [query, readings] : poll->answers) meter_store_.add(query, readings);
      job.status.endpoint = poll->endpoint;
      job.status.samples = poll->answers.size();
      job.status.rejected = poll->problems.size();
      job.status.rejected_example = poll->problems.empty() ? "" : poll->problems.front();
      return record_success(job.status, asked, clock_.mono_now() - started);
    });
  }

  [[nodiscard]] PollOutcome failed(model::SourceStatus& status, const base::Error& error) {
    Turn turn = Turn::none;
    model::SourceStatus line;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return PollOutcome::failed;  // we ended it ourselves
      turn = record_failure(status, error.message);
      if (turn != Turn::none) line = status;
      dirty_ = true;
    }
    log_turn(turn, line);
    return PollOutcome::failed;
  }

  // `take_in` stores what was read, under the lock.
  template <class TakeIn>
  [[nodiscard]] PollOutcome succeeded(const model::SourceStatus& status, const TakeIn& take_in) {
    Turn turn = Turn::none;
    model::SourceStatus line;
    {
      const std::lock_guard lock(mutex_);
      turn = take_in();
      if (turn != Turn::none) line = status;
      dirty_ = true;
    }
    log_turn(turn, line);
    return PollOutcome::good;
  }

  // --- what is known ---

  [[nodiscard]] std::shared_ptr<const NodeDirectory> directory() {
    const std::lock_guard lock(mutex_);
    return endpoints_.directory();
  }
  [[nodiscard]] bool take_dirty() {
    const std::lock_guard lock(mutex_);
    return std::exchange(dirty_, false);
  }

  // On the dispatcher's thread, and once before it starts. The snapshot before dies outside the lock.
  void publish() {
    published_.publish(std::make_shared<const model::TelemetrySnapshot>(snapshot()));
    if (on_publish_) on_publish_();
  }

  [[nodiscard]] model::TelemetrySnapshot snapshot() {
    const std::lock_guard lock(mutex_);
    forget();
    model::TelemetrySnapshot snapshot = store_.merge();
    meter_store_.fill(snapshot);
    list_sources(snapshot);
    return snapshot;
  }

  void forget() {
    const base::WallTime now = clock_.wall_now();
    if (now - last_forget_ < kForgetEvery) return;
    last_forget_ = now;
    store_.forget(now, {}, [this](const std::string& node) { return endpoints_.directory()->knows(node); });
  }

  void list_sources(model::TelemetrySnapshot& snapshot) const {
    for (const QueryJob* job : {&meters_, &performance_}) {
      if (!job->queries.empty()) snapshot.sources.push_back(job->status);
    }
    for (const auto& [id, job] : endpoints_.jobs()) {
      snapshot.sources.push_back(job->status);
      snapshot.unmatched_count += job->status.unmatched;
      for (const std::string& example : job->unmatched_examples) {
        if (snapshot.unmatched_series.size() < kUnmatchedExamples) snapshot.unmatched_series.push_back(example);
      }
    }
  }

  const TelemetryConfig config_;
  base::Clock& clock_;
  SourceFactory& factory_;
  const OnPublish on_publish_;
  base::Published<model::TelemetrySnapshot> published_;

  std::mutex mutex_;
  std::condition_variable_any due_;
  bool stopping_ = false;
  bool dirty_ = false;
  PollQueue queue_;
  EndpointRegistry endpoints_;
  std::set<JobPtr> running_;  // also those whose endpoint is gone
  ReadingStore store_;
  MeterStore meter_store_;
  base::WallTime last_forget_;

  QueryJob meters_;
  QueryJob performance_;  // by themselves: tenants write them, and what they cost is no meter's delay
  std::vector<std::jthread> threads_;
};

Collector::Collector(TelemetryConfig config, base::Clock& clock, SourceFactory& factory, OnPublish on_publish)
    : impl_(std::make_unique<Impl>(std::move(config), clock, factory, std::move(on_publish))) {}
Collector::~Collector() = default;

void Collector::set_nodes(const std::vector<NodeIdentity>& nodes) {
  impl_->set_nodes(nodes);
}
void Collector::set_endpoint_slices(const std::vector<model::EndpointSlice>& slices) {
  impl_->set_endpoint_slices(slices);
}
void Collector::set_topology_queries(TopologyQueries queries) {
  impl_->set_topology_queries(std::move(queries));
}
std::shared_ptr<const model::TelemetrySnapshot> Collector::snapshot() const {
  return impl_->published();
}
void Collector::start() {
  impl_->start();
}
void Collector::stop() {
  impl_->stop();
}

}  // namespace headroom::telemetry
