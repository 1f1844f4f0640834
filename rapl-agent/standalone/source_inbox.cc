#include "rapl-agent/standalone/source_inbox.h"

#include <utility>

#include "runtime/logging.h"

namespace headroom::rapl_agent::standalone {
namespace {

constexpr const char* kComponent = "standalone";

// Orders of one process have one uid, so that a restarted agent's first order is a new object's and never a stale one.
std::string own_uid(base::WallTime started) {
  return "standalone/" + std::to_string(started.time_since_epoch().count());
}

}  // namespace

SourceInbox::SourceInbox(Settings settings, Parts parts)
    : settings_(std::move(settings)), parts_(std::move(parts)), uid_(own_uid(parts_.clock->wall_now())) {}

SourceInbox::~SourceInbox() {
  stop();
}

void SourceInbox::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    do {
      look();
    } while (parts_.clock->wait_until(parts_.clock->mono_now() + settings_.period, stop) ==
             base::WaitResult::deadline_reached);
  });
}

void SourceInbox::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void SourceInbox::look() {
  const auto now = parts_.clock->wall_now();
  auto answer = parts_.source->power_at(moment_at(now));
  if (!answer) runtime::log_warning(kComponent, "the cap source has no answer", {{"reason", answer.error().message}});
  {
    const std::lock_guard lock(mutex_);
    problem_ = answer ? "" : answer.error().message;
    if (answer) {
      answer_ = *std::move(answer);
      answered_at_ = now;
    } else if (now - answered_at_ > 2 * settings_.period) {
      answer_.reset();
    }
    decide(now);
  }
  if (parts_.changed) parts_.changed();
}

void SourceInbox::learn(const Hardware& hardware) {
  {
    const std::lock_guard lock(mutex_);
    if (hardware_ == hardware) return;
    hardware_ = hardware;
    decide(parts_.clock->wall_now());
  }
  if (parts_.changed) parts_.changed();
}

void SourceInbox::decide(base::WallTime now) {
  // Before the first question was answered or failed there is nothing to decide by.
  if (!hardware_ || (!answer_ && problem_.empty())) return;
  const auto cap = cap_of(settings_, *hardware_, answer_ ? std::optional(answer_->power) : std::nullopt);
  model::NodePowerCapSpec spec;
  (settings_.scope == CapScope::node ? spec.budget : spec.cpu_package) = cap;
  spec.stamp = order_ ? order_->spec.stamp : model::CapStamp{.epoch = 1, .sequence = 0};
  if (order_ && order_->spec == spec) return;
  ++spec.stamp.sequence;
  order_ = core::CapOrder{.uid = uid_, .spec = spec};
  runtime::log_info(
      kComponent, "cap",
      {{"watts", base::to_watts(cap)}, {"minute", moment_at(now).minute_of_day}, {"answered", answer_.has_value()}});
}

bool SourceInbox::governed_by_cluster(const core::CapView& seen) const {
  cluster_spoke_ = cluster_spoke_ || seen.order.has_value();
  return cluster_spoke_;
}

core::CapView SourceInbox::latest() const {
  core::CapView seen;
  if (parts_.cluster != nullptr) seen = parts_.cluster->latest();
  const std::lock_guard lock(mutex_);
  if (governed_by_cluster(seen)) return seen;
  core::CapView own;
  if (!order_) return own;
  own.presence = core::CapView::Presence::present;
  own.order = order_;
  // A source that fails is answered with the floor and not with silence: this order never grows old.
  own.heartbeat = parts_.clock->wall_now();
  return own;
}

Spoken SourceInbox::spoken() const {
  const std::lock_guard lock(mutex_);
  Spoken spoken;
  if (answer_) {
    spoken.power = answer_->power;
    spoken.period = answer_->period;
    spoken.market = answer_->market;
  }
  spoken.problem = problem_;
  if (order_) spoken.cap = settings_.scope == CapScope::node ? order_->spec.budget : order_->spec.cpu_package;
  return spoken;
}

}  // namespace headroom::rapl_agent::standalone
