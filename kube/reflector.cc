#include "kube/reflector.h"

#include <random>
#include <stop_token>
#include <utility>

#include "kube/backoff.h"
#include "kube/discovery.h"
#include "kube/list.h"
#include "kube/watch.h"

namespace headroom::kube {
namespace {

constexpr base::Seconds kAskForMissingAgain{5};
// Deleting a CRD: the DELETED events come a moment before the kind answers 404.
constexpr base::Seconds kQuietAfterDeletion{1};
// A watch that ends sooner than this without a word is a failure, not the server's timeout.
constexpr base::Seconds kShortestWatch{1};

std::uint64_t seed_or_random(std::uint64_t seed) {
  if (seed != 0) return seed;
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

class Reflector::Loop {
 public:
  Loop(ApiClient& client, ReflectorOptions options, ObjectSink& sink, OnStatus on_status)
      : options_(std::move(options)),
        clock_(client.clock()),
        connection_(client.open(options_.connection)),
        sink_(sink),
        on_status_(std::move(on_status)),
        random_(seed_or_random(options_.seed)),
        backoff_(random_()) {}

  void run(const std::stop_token& stop) {
    stop_ = stop;
    while (!stop_.stop_requested()) {
      if (list()) watch();
    }
  }
  void cancel() { connection_->cancel(); }

 private:
  // True: the sink has the whole content as of resource_version_.
  bool list() {
    std::vector<ObjectEntry> all;
    StreamEnd end = list_pages(*connection_, list_request(),
                               [&](PaddedJson json) { all.push_back(decode_entry(json, options_.decode)); });
    if (stop_.stop_requested()) return false;
    // An empty list of a kind that is just being removed would pass for "all were deleted".
    if (end.kind == EndKind::complete && options_.guard_deletions && being_removed(*connection_, options_.resource)) {
      end = {EndKind::resource_missing, "", base::not_found("the kind is being removed"), std::nullopt};
    }
    if (end.kind != EndKind::complete) {
      after_failed_list(end);
      return false;
    }
    resource_version_ = std::move(end.resource_version);
    expired_lists_ = 0;
    sink_.replace(std::move(all));
    report(ReflectorState::synced);
    return true;
  }

  void after_failed_list(const StreamEnd& end) {
    if (end.kind == EndKind::resource_missing) {
      report(ReflectorState::resource_missing, end.error);
      wait(kAskForMissingAgain);
    } else if (end.kind == EndKind::expired && expired_lists_++ == 0) {
      return;  // a continue token outlived by a long list: begin again at once, but only once
    } else {
      report(ReflectorState::failing, end.error);
      wait_after_failure(end);
    }
  }

  // Returns when only a new list helps.
  void watch() {
    while (!stop_.stop_requested()) {
      deletion_seen_ = false;
      events_ = 0;
      const base::MonoTime began = clock_.mono_now();
      const StreamEnd end = watch_events(*connection_, watch_request(), [&](const WatchEvent& event) {
        ++events_;
        return take(event);
      });
      if (stop_.stop_requested()) return;
      const bool progress =
          events_ > 0 || end.resource_version != resource_version_ || clock_.mono_now() - began >= kShortestWatch;
      resource_version_ = end.resource_version;
      if (progress) {
        backoff_.reset();
        fruitless_ = 0;
      }
      if (deletion_seen_) {
        wait(kQuietAfterDeletion);
        return;
      }
      if (end.kind == EndKind::complete) {
        if (!progress) wait(backoff_.next());
      } else if (end.kind != EndKind::unreachable || !reconnect(end, progress)) {
        if (end.kind == EndKind::rejected) {
          report(ReflectorState::failing, end.error);
          wait_after_failure(end);
        }
        // One expired version is the course of things; a server that expires every one must not be listed in a loop.
        if (end.kind == EndKind::expired && !progress && fruitless_++ > 0) wait(backoff_.next());
        return;
      }
    }
  }

  // After a watch was cut: true once the server answers again, so that the watch goes on where it was.
  bool reconnect(StreamEnd end, bool progress) {
    // A watch that had been alive is taken up at once; reading from a dead server is what needs patience.
    bool patient = !progress;
    while (!stop_.stop_requested()) {
      if (patient) {
        report(ReflectorState::failing, end.error);
        wait_after_failure(end);
      }
      patient = true;
      end = probe(*connection_, list_request());
      if (end.kind == EndKind::complete) {
        report(ReflectorState::synced);
        return true;
      }
      if (end.kind != EndKind::unreachable) return false;
    }
    return false;
  }

  // False: the watch must end, because a deletion has to be confirmed by a list.
  bool take(const WatchEvent& event) {
    if (event.type != WatchEventType::deleted) {
      sink_.update(decode_entry(event.object, options_.decode));
      return true;
    }
    if (options_.guard_deletions) {
      deletion_seen_ = true;
      return false;
    }
    sink_.remove(decode_entry(event.object, options_.decode));
    return true;
  }

  [[nodiscard]] ListRequest list_request() const {
    return {options_.resource, 500, options_.label_selector, options_.field_selector};
  }
  WatchRequest watch_request() {
    WatchRequest request;
    request.resource = options_.resource;
    request.resource_version = resource_version_;
    request.timeout = base::Seconds(std::uniform_int_distribution<int>(300, 600)(random_));
    request.label_selector = options_.label_selector;
    request.field_selector = options_.field_selector;
    return request;
  }

  void wait_after_failure(const StreamEnd& end) {
    const base::Milliseconds least = end.retry_after.value_or(base::Seconds(0));
    wait(std::max(least, backoff_.next()));
  }
  void wait(base::Microseconds delay) { static_cast<void>(clock_.wait_until(clock_.mono_now() + delay, stop_)); }

  void report(ReflectorState state, const std::optional<base::Error>& error = std::nullopt) {
    ReflectorStatus status{state, error ? error->message : std::string()};
    if (status == reported_) return;
    reported_ = status;
    if (on_status_) on_status_(reported_);
  }

  const ReflectorOptions options_;
  base::Clock& clock_;
  const std::unique_ptr<Connection> connection_;
  ObjectSink& sink_;
  const OnStatus on_status_;
  std::mt19937_64 random_;
  Backoff backoff_;
  std::stop_token stop_;
  std::string resource_version_;
  ReflectorStatus reported_;
  int expired_lists_ = 0;
  int fruitless_ = 0;  // watches in a row that expired before they brought anything
  std::uint64_t events_ = 0;
  bool deletion_seen_ = false;
};

Reflector::Reflector(ApiClient& client, ReflectorOptions options, ObjectSink& sink, OnStatus on_status)
    : loop_(std::make_unique<Loop>(client, std::move(options), sink, std::move(on_status))),
      thread_([this](const std::stop_token& stop) { loop_->run(stop); }) {}

Reflector::~Reflector() {
  thread_.request_stop();
  loop_->cancel();
}

}  // namespace headroom::kube
