#include "kube/election.h"

#include <algorithm>
#include <utility>

namespace headroom::kube {
namespace {

bool same_tenure(const Lease& a, const Lease& b) {
  return a.holder == b.holder && a.renewed == b.renewed && a.transitions == b.transitions;
}

// A call that hangs must not outlast the lease it is about.
ApiClientOptions client_options(const ElectionOptions& options) {
  ApiClientOptions made;
  made.call_timeout = std::chrono::duration_cast<base::Milliseconds>(options.renew_deadline) / 3;
  made.connection.connect_timeout = made.call_timeout;
  made.connection.read_timeout = made.call_timeout;
  made.idle_connections = 1;
  return made;
}

}  // namespace

ElectionRules::Step ElectionRules::next(const std::optional<Lease>& seen, base::MonoTime now) {
  if (!seen) return Step::create;
  if (!observed_ || !same_tenure(*observed_, *seen)) {
    observed_ = seen;
    observed_at_ = now;
  }
  if (seen->holder == options_.identity) return Step::renew;
  renewed_at_.reset();
  if (seen->holder.empty()) return Step::take;
  // Whichever is longer: another version of this program may have been told other numbers.
  const base::Seconds tenure = std::max(seen->duration, options_.lease_duration);
  return now >= observed_at_ + tenure ? Step::take : Step::wait;
}

Lease ElectionRules::to_write(Step step, const std::optional<Lease>& seen, base::WallTime now) const {
  Lease lease = seen.value_or(Lease{});
  lease.ns = options_.ns;
  lease.name = options_.name;
  lease.holder = options_.identity;
  lease.duration = options_.lease_duration;
  lease.renewed = now;
  if (step != Step::renew) lease.acquired = now;
  if (step == Step::take) ++lease.transitions;
  return lease;
}

void ElectionRules::written(const Lease& stored, base::MonoTime asked_at) {
  observed_ = stored;
  observed_at_ = asked_at;
  renewed_at_ = asked_at;
}

bool ElectionRules::leads(base::MonoTime now) const {
  return renewed_at_ && now < *renewed_at_ + options_.renew_deadline;
}

std::optional<base::MonoTime> ElectionRules::leads_until(base::MonoTime now) const {
  return leads(now) ? std::optional(*renewed_at_ + options_.renew_deadline) : std::nullopt;
}

LeaderElection::LeaderElection(ApiClient& client, ElectionOptions options)
    : options_(std::move(options)),
      client_(client.config(), client_options(options_), client.clock()),
      rules_(options_),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

LeaderElection::~LeaderElection() {
  thread_.request_stop();
  thread_.join();
  release();
}

bool LeaderElection::leads() const {
  const std::lock_guard lock(mutex_);
  return rules_.leads(client_.clock().mono_now());
}

std::optional<LeaderElection::Term> LeaderElection::term() const {
  const std::lock_guard lock(mutex_);
  const auto ends_at = rules_.leads_until(client_.clock().mono_now());
  return ends_at ? std::optional(Term{view_.transitions, *ends_at}) : std::nullopt;
}

LeaderElection::View LeaderElection::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

void LeaderElection::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto failed = try_once();
    {
      const std::lock_guard lock(mutex_);
      view_.error = failed ? failed->message : std::string();
    }
    base::Clock& clock = client_.clock();
    static_cast<void>(clock.wait_until(clock.mono_now() + options_.retry_period, stop));
  }
}

std::optional<base::Error> LeaderElection::try_once() {
  std::optional<Lease> seen;
  auto read = get_lease(client_, options_.ns, options_.name);
  if (read) {
    seen = *std::move(read);
  } else if (read.error().kind != base::ErrorKind::not_found) {
    return read.error();
  }
  ElectionRules::Step step = ElectionRules::Step::wait;
  Lease lease;
  const base::MonoTime asked_at = client_.clock().mono_now();
  {
    const std::lock_guard lock(mutex_);
    step = rules_.next(seen, asked_at);
    view_.holder = seen ? seen->holder : std::string();
    view_.transitions = seen ? seen->transitions : 0;
    if (step == ElectionRules::Step::wait) return std::nullopt;
    lease = rules_.to_write(step, seen, client_.clock().wall_now());
  }
  const auto stored = step == ElectionRules::Step::create ? create_lease(client_, lease) : update_lease(client_, lease);
  if (!stored) return stored.error();
  const std::lock_guard lock(mutex_);
  rules_.written(*stored, asked_at);
  view_.holder = stored->holder;
  view_.transitions = stored->transitions;
  return std::nullopt;
}

void LeaderElection::release() {
  if (!leads()) return;
  auto lease = get_lease(client_, options_.ns, options_.name);
  if (!lease || lease->holder != options_.identity) return;
  lease->holder.clear();
  lease->duration = base::Seconds(1);
  lease->renewed = client_.clock().wall_now();
  // Nobody is left to tell: without the release the next holder waits the lease out.
  static_cast<void>(update_lease(client_, *lease));
}

}  // namespace headroom::kube
