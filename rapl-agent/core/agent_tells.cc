// The half of the loop that tells: acknowledgement, journal, notices, report.
#include <algorithm>

#include "rapl-agent/core/agent_body.h"

namespace headroom::rapl_agent::core {
namespace {

constexpr std::size_t kNoticesKept = 32;

std::optional<base::Power> meter_or_sum(const Catalog& catalog, base::Power reserve) {
  if (const auto node = catalog.node_meter()) return node;
  const auto domains = catalog.cappable_power();
  return domains && catalog.hardware() ? std::optional(*domains + reserve) : std::nullopt;
}

}  // namespace

// In force means: every domain that is OK reads back what was wanted, and what it was allowed before has left the
// averaging window. A domain that is not OK counts at its ceiling and holds nothing up; one that is being tried again
// does.
bool AgentBody::in_force(Stage stage) const {
  if (!lowers_done_) return false;
  for (const auto& record : catalog_.records()) {
    if (!record->cappable) continue;
    const bool ours = std::any_of(record->surfaces.begin(), record->surfaces.end(),
                                  [](const SurfaceState& surface) { return surface.ours(); });
    if (aim_.release && ours && record->health() == Health::ok) return false;
    const bool settled = stage == Stage::read_back || record->settling.settled();
    if (record->health() == Health::ok && (!record->reliable() || !settled)) return false;
  }
  return true;
}

void AgentBody::acknowledge(base::MonoTime now) {
  const auto& order = governor_.order();
  if (!order || settings_.mode != AgentMode::enforce || aim_.state == AgentState::observe) return;
  if (read_back_ != order->id() && in_force(Stage::read_back)) read_back_ = order->id();
  if (observed_ == order->id() || !in_force(Stage::settled)) return;
  observed_ = order->id();
  last_apply_ = now - governor_.order_taken_at();
}

JournalState AgentBody::journal_state() const {
  return {boot_id_, catalog_.journal_controls(), governor_.order(), governor_.heartbeat(), governor_.heartbeat_seen()};
}

void AgentBody::save() {
  JournalState state = journal_state();
  if (saved_ == state) return;
  const base::Status status = parts_.journal->save(state);
  if (status) {
    saved_ = std::move(state);
    return;
  }
  if (journal_errors_++ == 0) notice("JournalFailed", "the journal cannot be written: " + status.error().message);
}

void AgentBody::notice(std::string reason, std::string message, Tone tone) {
  notices_.push_back({++notice_number_, std::move(reason), std::move(message), tone == Tone::warning});
  if (notices_.size() > kNoticesKept) notices_.pop_front();
}

void AgentBody::tell_state() {
  if (aim_.state != told_state_) {
    const bool calm = aim_.state == AgentState::active || aim_.state == AgentState::observe;
    notice("StateChanged",
           std::string(to_string(told_state_)) + " to " + std::string(to_string(aim_.state)) + ": " + aim_.reason,
           calm ? Tone::normal : Tone::warning);
    told_state_ = aim_.state;
  }
  const bool infeasible = shortfall_ > base::Power{};
  if (infeasible != told_infeasible_) {
    const std::string missing = std::to_string(shortfall_.count() / 1'000'000) + " W";
    notice(infeasible ? "CapInfeasible" : "CapFeasible",
           infeasible ? "floors and what cannot be changed need " + missing + " more than the budget leaves"
                      : "the budget is enough again",
           infeasible ? Tone::warning : Tone::normal);
    told_infeasible_ = infeasible;
  }
  if (governor_.order_problem() != told_order_problem_) {
    told_order_problem_ = governor_.order_problem();
    if (!told_order_problem_.empty()) notice("OrderRefused", told_order_problem_);
  }
}

void AgentBody::tell_health() {
  for (const auto& record : catalog_.records()) {
    const Health health = record->health();
    if (health == record->told) continue;
    record->told = health;
    std::string text = record->facts.id + " is " + std::string(to_string(health));
    if (const std::string detail = record->detail(); !detail.empty()) text += ": " + detail;
    notice(health == Health::ok ? "DomainRecovered" : "DomainTrouble", text,
           health == Health::ok ? Tone::normal : Tone::warning);
  }
}

void AgentBody::tell_changes() {
  tell_state();
  tell_health();
}

DomainReport AgentBody::report_of(const DomainRecord& record) const {
  DomainReport told;
  told.id = record.facts.id;
  told.kind = record.facts.kind;
  told.source = record.source.name;
  told.label = record.facts.label;
  told.health = record.health();
  told.detail = record.detail();
  told.cappable = record.cappable;
  told.metered_only = record.facts.controls.empty();
  if (record.limits) {
    told.floor = record.floor();
    told.ceiling = record.limits->ceiling;
  }
  told.original = record.original();
  told.cap = record.target;
  told.enforced = record.enforced();
  if (record.cappable && record.settling.known()) told.charged = record.settling.charge();
  told.power = record.meter.power();
  told.energy_total = record.meter.total();
  told.temperature = record.meter.temperature();
  told.writes_ok = record.writes_ok;
  told.writes_failed = record.writes_failed;
  told.counter_wraps = record.meter.wraps();
  told.samples_discarded = record.meter.discarded();
  told.read_errors = record.meter.read_errors();
  told.over_cap = record.over_cap;
  for (const SurfaceState& surface : record.surfaces) {
    told.external_changes += surface.external_changes();
    if (const auto enabled = surface.read.get(Field::enabled))
      told.enabled = told.enabled.value_or(true) && *enabled == 1;
    for (const Field field : surface.control().fields) {
      told.controls.push_back({{told.id, surface.control().surface, field},
                               surface.originals.get(field),
                               surface.requested.get(field),
                               surface.read.get(field)});
    }
  }
  return told;
}

AgentReport AgentBody::report(base::MonoTime now) const {
  AgentReport told;
  told.ticks = ticks_;
  told.mode = settings_.mode;
  told.state = aim_.state;
  told.state_reason = aim_.reason;
  told.boot_id = boot_id_;
  told.observed = observed_;
  told.read_back = read_back_;
  if (governor_.order()) {
    told.accepted = governor_.order()->id();
    told.accepted_at = governor_.order_taken_at();
  }
  told.order_problem = governor_.order_problem();
  told.applied = told.min = told.max = reserve_.power;
  for (const auto& record : catalog_.records()) {
    told.domains.push_back(report_of(*record));
    const DomainReport& domain = told.domains.back();
    const bool at_cap =
        domain.power && domain.cap && *domain.power >= base::scaled_down(*domain.cap, base::percent(95));
    told.throttled = told.throttled || at_cap;
    if (!record->cappable) continue;
    told.applied += domain.charged;
    told.min += record->floor();
    told.max += record->limits->uncapped;
  }
  told.budget = aim_.budget;
  told.budget_source = aim_.budget_source;
  told.reserve = reserve_.power;
  told.reserve_basis = reserve_.basis;
  told.infeasible = shortfall_ > base::Power{};
  told.shortfall = shortfall_;
  told.hardware = catalog_.hardware();
  told.controller_fresh = governor_.controller_fresh();
  told.paused = governor_.paused();
  told.lease_remaining = governor_.lease_remaining(now);
  told.node_power = meter_or_sum(catalog_, reserve_.power);
  told.notices.assign(notices_.begin(), notices_.end());
  told.notes = start_notes_;
  told.notes.insert(told.notes.end(), catalog_.notes().begin(), catalog_.notes().end());
  told.refused_orders = governor_.refused_orders();
  told.refused_values = executor_.refused_values();
  told.journal_errors = journal_errors_;
  told.failsafe = governor_.failsafe();
  told.backend_hung = catalog_.hung();
  told.last_apply = last_apply_;
  return told;
}

}  // namespace headroom::rapl_agent::core
