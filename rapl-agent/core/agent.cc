#include "rapl-agent/core/agent.h"

#include <algorithm>
#include <chrono>

#include "rapl-agent/core/agent_body.h"

namespace headroom::rapl_agent::core {
namespace {

AgentSettings with_lock(AgentSettings settings, const Recovered& recovered) {
  if (recovered.kind == Recovered::Kind::locked) settings.mode = AgentMode::observe;
  return settings;
}

}  // namespace

Agent::Agent(AgentSettings settings, Parts parts, Recovered recovered, base::MonoTime now)
    : body_(std::make_unique<AgentBody>(with_lock(std::move(settings), recovered), std::move(parts), recovered, now)) {}
Agent::~Agent() = default;
base::MonoTime Agent::tick(base::MonoTime now) {
  return body_->tick(now);
}
void Agent::stop(base::MonoTime now) {
  body_->stop(now);
}

AgentBody::AgentBody(AgentSettings settings, Agent::Parts parts, const Recovered& recovered, base::MonoTime now)
    : settings_(std::move(settings)),
      parts_(std::move(parts)),
      boot_id_(recovered.state.boot_id),
      start_notes_(recovered.notes),
      catalog_(settings_, parts_.sources, recovered),
      governor_(settings_, recovered, now),
      executor_(settings_.timing, catalog_, [this] { save(); }),
      beside_(settings_.timing.reserve_span) {}

base::MonoTime AgentBody::tick(base::MonoTime now) {
  ++ticks_;
  look(now);
  const CapView view = parts_.inbox->latest();
  const auto taken_before = governor_.order_taken_at();
  Governor::Facts facts{catalog_.hardware(), catalog_.node_meter()};
  if (!facts.node_power) {
    const auto domains = catalog_.cappable_power();
    if (domains) facts.node_power = *domains + reserve_.power;
  }
  aim_ = governor_.step(view, facts, now);
  if (governor_.order_taken_at() != taken_before) verify_all(now);
  const auto& order = governor_.order();
  reserve_ = reserve_of(order ? std::optional(order->spec.reserve) : std::nullopt,
                        settings_.measure_reserve ? beside_.value() : std::nullopt, settings_.static_reserve);
  settle(now);
  act(now);
  settle(now);
  acknowledge(now);
  if (settings_.mode == AgentMode::enforce && saved_ != journal_state()) save();
  tell_changes();
  parts_.outbox->publish(report(now));
  last_tick_ = now;
  return next_due(now);
}

void AgentBody::look(base::MonoTime now) {
  const Timing& timing = settings_.timing;
  // Suspended, or stopped for long: counters may have wrapped or restarted and firmware may have reset limits.
  const bool slept = last_tick_ && now - *last_tick_ > 2 * timing.verify;
  if (slept) {
    for (const auto& record : catalog_.records()) record->meter.rebase();
  }
  // What has left may be back at any moment, uncapped: it is looked for more often.
  const base::Milliseconds period = catalog_.misses_some() ? timing.verify : timing.discovery;
  if (!listed_at_ || slept || now - *listed_at_ >= period || catalog_.wants_discovery()) {
    catalog_.discover(now);
    listed_at_ = now;
  }
  if (!sampled_at_ || slept || now - *sampled_at_ >= timing.tick) sample(now);
  if (!verified_at_ || slept || now - *verified_at_ >= timing.verify) {
    verify_all(now);
  } else {
    revisit_troubled(now);
  }
}

void AgentBody::sample(base::MonoTime now) {
  const base::Microseconds passed = sampled_at_ ? now - *sampled_at_ : base::Microseconds(0);
  sampled_at_ = now;
  catalog_.sample(now);
  for (const auto& record : catalog_.records()) {
    const auto in_force = record->enforced();
    const auto power = record->meter.power();
    if (in_force && power && *power > base::scaled_up(*in_force, base::percent(105))) record->over_cap += passed;
  }
  const auto node = catalog_.node_meter();
  const auto domains = catalog_.cappable_power();
  if (node && domains && catalog_.hardware()) beside_.add(std::max(*node - *domains, base::Power{}), now);
}

void AgentBody::verify_all(base::MonoTime now) {
  verified_at_ = now;
  std::vector<Catalog::ControlRef> controls;
  for (const auto& record : catalog_.records()) {
    for (SurfaceState& surface : record->surfaces) {
      // One that left is read again when it is listed again.
      if (!surface.away()) controls.push_back({record.get(), &surface});
    }
  }
  verify(controls, now);
}

void AgentBody::revisit_troubled(base::MonoTime now) {
  std::vector<Catalog::ControlRef> controls;
  for (const auto& record : catalog_.records()) {
    for (SurfaceState& surface : record->surfaces) {
      if (surface.retry_at() && surface.due(now)) controls.push_back({record.get(), &surface});
    }
  }
  verify(controls, now);
}

void AgentBody::verify(const std::vector<Catalog::ControlRef>& controls, base::MonoTime now) {
  const std::vector<bool> complete = catalog_.read_all(controls, now);
  for (std::size_t i = 0; i < controls.size(); ++i) {
    if (complete[i]) judge(*controls[i].record, *controls[i].surface, now);
  }
}

void AgentBody::judge(const DomainRecord& record, SurfaceState& surface, base::MonoTime now) const {
  surface.read_works();
  const bool ours = surface.ours() && settings_.mode == AgentMode::enforce;
  if (!ours) return surface.calm(now, settings_.timing);
  const base::Power floor = record.limits ? record.limits->floor : base::Power{};
  const ReadBack verdict =
      judge_read_back(surface.requested, surface.requested, surface.read, floor, surface.control().tolerance);
  surface.drifted(verdict, now, settings_.timing);
}

void AgentBody::settle(base::MonoTime now) {
  for (const auto& record : catalog_.records()) {
    if (!record->cappable) continue;
    // Without power there is nothing to settle.
    const base::Microseconds window = record->dark ? base::Microseconds(0) : record->window(settings_.timing);
    record->settling.update(record->worst(), window, now);
  }
}

void AgentBody::stop(base::MonoTime now) {
  aim_.reason = act_on_exit(now);
  aim_.state = AgentState::stopping;
  if (settings_.mode == AgentMode::enforce) save();
  tell_changes();
  parts_.outbox->publish(report(now));
}

base::MonoTime AgentBody::next_due(base::MonoTime now) const {
  base::MonoTime due = now + settings_.timing.tick;
  for (const auto& record : catalog_.records()) {
    for (const SurfaceState& surface : record->surfaces) {
      if (surface.retry_at() && *surface.retry_at() > now) due = std::min(due, *surface.retry_at());
    }
    if (const auto since = record->settling.falling_since()) {
      const base::MonoTime settled = *since + record->window(settings_.timing);
      if (settled > now) due = std::min(due, settled);
    }
  }
  return due;
}

}  // namespace headroom::rapl_agent::core
