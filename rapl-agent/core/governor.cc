#include "rapl-agent/core/governor.h"

#include <algorithm>

#include "rapl-agent/core/order_check.h"

namespace headroom::rapl_agent::core {

Governor::Governor(const AgentSettings& settings, const Recovered& recovered, base::MonoTime now)
    : settings_(settings),
      order_(recovered.state.order),
      order_taken_at_(now),
      heartbeat_(recovered.state.heartbeat),
      heartbeat_seen_(recovered.state.heartbeat_seen),
      heard_at_(now) {
  // CLOCK_BOOTTIME begins anew with each boot, so only this boot's moments mean anything.
  if (recovered.kind != Recovered::Kind::same_boot || (heartbeat_seen_ && *heartbeat_seen_ > now)) {
    heartbeat_.reset();
    heartbeat_seen_.reset();
  }
  if (heartbeat_seen_) heard_at_ = *heartbeat_seen_;
}

void Governor::take_order(const CapView& view, base::MonoTime now) {
  if (view.presence != CapView::Presence::present) return;
  if (!view.order) {
    order_problem_ = view.unreadable;
    return;
  }
  OrderJudgement judged = judge_order(order_, *view.order);
  order_problem_ = std::move(judged.problem);
  if (judged.verdict == OrderVerdict::refused && refused_ != view.order->id()) {
    refused_ = view.order->id();
    ++refused_orders_;
  }
  if (judged.verdict != OrderVerdict::newer) return;
  order_ = view.order;
  order_taken_at_ = now;
}

void Governor::hear(const CapView& view, base::MonoTime now) {
  // A renewTime is a sign of life only when it changes before our eyes: the first one seen may be hours old.
  if (view.heartbeat && view.heartbeat != heartbeat_) {
    if (watching_) heartbeat_seen_ = now;
    heartbeat_ = view.heartbeat;
  }
  watching_ = watching_ || view.heartbeat.has_value();
  const bool present = view.presence == CapView::Presence::present && order_.has_value();
  if (present && heartbeat_seen_) heard_at_ = std::max(heard_at_, *heartbeat_seen_);
  const bool was_fresh = fresh_;
  fresh_ = present && heartbeat_seen_ && now - *heartbeat_seen_ < settings_.timing.heartbeat_ttl;
  if (fresh_ && !was_fresh && ever_fresh_) spread_raises(now);
  ever_fresh_ = ever_fresh_ || fresh_;
}

// Not all nodes at once.
void Governor::spread_raises(base::MonoTime now) {
  const auto spread = std::chrono::duration_cast<base::Microseconds>(settings_.timing.jitter);
  raises_from_ = now + spread * settings_.jitter.count() / 1'000'000;
}

void Governor::set_pause(const CapView& view, base::MonoTime now) {
  if (paused_ && !view.paused) spread_raises(now);
  paused_ = view.paused;
}

// The end of a brake is on the controller's clock, as the heartbeat is: their difference is what is left of it.
void Governor::set_brake(const CapView& view, base::MonoTime now) {
  if (!order_ || brake_of_ == order_->id()) return;
  brake_of_ = order_->id();
  if (!order_->spec.brake_until) {
    brake_until_.reset();
    return;
  }
  base::Microseconds left = settings_.timing.brake_default;
  if (view.heartbeat) left = *order_->spec.brake_until - *view.heartbeat;
  left = std::clamp(left, base::Microseconds(0), base::Microseconds(settings_.timing.brake_longest));
  brake_until_ = now + left;
}

void Governor::watch_hard_limit(std::optional<base::Power> node_power, base::MonoTime now) {
  const auto limit = order_ ? order_->spec.hard_limit : std::nullopt;
  if (!limit) {
    over_limit_ = false;
    over_since_.reset();
    return;
  }
  if (!node_power) return;  // a silent meter neither starts nor ends it
  if (*node_power > *limit) {
    calm_since_.reset();
    if (!over_since_) over_since_ = now;
    over_limit_ = over_limit_ || now - *over_since_ >= settings_.timing.hard_limit_span;
    return;
  }
  over_since_.reset();
  if (!over_limit_) return;
  if (!calm_since_) calm_since_ = now;
  over_limit_ = now - *calm_since_ < settings_.timing.cool_down;
}

bool Governor::braking(base::MonoTime now) const {
  return over_limit_ || (brake_until_ && now < *brake_until_);
}

AgentState Governor::choose(const Facts& facts, base::MonoTime now) {
  if (settings_.mode != AgentMode::enforce) {
    reason_ = settings_.mode == AgentMode::dry_run ? "dry run" : "mode is observe";
    return AgentState::observe;
  }
  if (!facts.hardware) {
    reason_ = "nothing on this node can be capped";
    return AgentState::observe;
  }
  if (braking(now)) {
    hold_until_ = now + settings_.timing.cool_down;
    reason_ = over_limit_ ? "draw is above hardLimitWatts" : "brakeUntil";
    return AgentState::emergency;
  }
  if (order_ && order_->spec.release && !paused_) {
    reason_ = "spec.release";
    return AgentState::releasing;
  }
  if (!fresh_ && now - heard_at_ >= settings_.timing.grace) {
    reason_ = "the controller is silent past the grace time";
    return AgentState::safe;
  }
  if (!fresh_) {
    reason_ = order_ ? "the controller is silent" : "no order yet";
    return AgentState::holding;
  }
  if (now < hold_until_) {
    reason_ = "after an emergency";
    return AgentState::holding;
  }
  if (paused_) {
    reason_ = "the cluster is paused";
    return AgentState::holding;
  }
  reason_ = "the controller is alive";
  return AgentState::active;
}

Aim Governor::aim_of(AgentState state, base::MonoTime now) const {
  Aim aim;
  aim.state = state;
  aim.reason = reason_;
  if (order_) {
    aim.budget = order_->spec.budget;
    aim.budget_source = state == AgentState::active ? "order" : "held";
  }
  switch (state) {
    case AgentState::active: aim.raises = now >= raises_from_; break;
    case AgentState::safe: {
      const auto least = fallback();
      if (least && (!aim.budget || *least < *aim.budget)) {
        aim.budget = least;
        aim.budget_source = order_ ? "fallback" : "local";
      }
      break;
    }
    case AgentState::emergency: aim.floors = true; break;
    case AgentState::releasing: aim.release = true; break;
    case AgentState::observe: aim.raises = true; break;  // a dry run shows what would be done
    case AgentState::holding:
    case AgentState::stopping: break;
  }
  return aim;
}

Aim Governor::step(const CapView& view, const Facts& facts, base::MonoTime now) {
  take_order(view, now);
  hear(view, now);
  set_pause(view, now);
  set_brake(view, now);
  watch_hard_limit(facts.node_power, now);
  const AgentState next = choose(facts, now);
  const bool guarded = next == AgentState::holding || next == AgentState::safe || next == AgentState::emergency;
  if (next != state_ && guarded) ++failsafe_[std::string(to_string(next)) + ": " + reason_];
  state_ = next;
  return aim_of(next, now);
}

std::optional<base::Power> Governor::fallback() const {
  return order_ ? order_->spec.fallback : settings_.fallback;
}

std::optional<base::Microseconds> Governor::lease_remaining(base::MonoTime now) const {
  const base::MonoTime end =
      fresh_ ? *heartbeat_seen_ + settings_.timing.heartbeat_ttl : heard_at_ + settings_.timing.grace;
  if (now >= end) return std::nullopt;
  return end - now;
}

}  // namespace headroom::rapl_agent::core
