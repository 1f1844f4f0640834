// The half of the loop that changes something: lowers, raises, the release.
#include <algorithm>

#include "rapl-agent/core/agent_body.h"

namespace headroom::rapl_agent::core {

namespace {

// What we once set and no longer ask for (a window that the next order does not have, a PL2 that is to be left alone)
// goes back to what it was, where nobody else has changed it since.
FieldValues with_unasked_given_back(FieldValues wanted, const SurfaceState& surface) {
  for (const Field field : {Field::short_term_limit, Field::long_term_window}) {
    const auto ours = surface.requested.get(field);
    const auto original = surface.originals.get(field);
    const auto now = surface.read.get(field);
    if (wanted.get(field) || !ours || !original || *original == 0 || !now) continue;
    if (same_value(field, *ours, *now, surface.control().tolerance)) wanted.set(field, original);
  }
  return wanted;
}

}  // namespace

FieldValues AgentBody::wanted_of(const SurfaceState& surface, const std::optional<base::Power>& cap) const {
  if (cap) {
    return with_unasked_given_back(
        wanted_for_cap(surface.control(), surface.originals, *cap, terms_of(governor_.order(), settings_)), surface);
  }
  // At its original and not ours: none of our business.
  return surface.ours() ? wanted_at_original(surface.control(), surface.originals) : FieldValues{};
}

std::vector<WriteJob> AgentBody::jobs_of(const BudgetPlan& plan, Needs needs, base::MonoTime now) {
  std::vector<WriteJob> jobs;
  for (std::size_t i = 0; i < plan.domains.size(); ++i) {
    DomainRecord& record = *plan.domains[i];
    for (std::size_t s = 0; s < record.surfaces.size(); ++s) {
      const SurfaceState& surface = record.surfaces[s];
      const bool reachable = surface.health() != Health::lost && surface.health() != Health::hung;
      const bool due = needs == Needs::lower ? surface.due_to_lower(now) : surface.due(now);
      if (!reachable || !due || record.dark) continue;
      // What is being tried again counts for what it has now; what is not OK counts at its ceiling anyway.
      if (needs == Needs::raise && !record.reliable() && record.health() == Health::ok) continue;
      const FieldValues wanted = surface.as_far_as_taken(wanted_of(surface, plan.targets.caps[i]), now);
      if (needs_of(surface, wanted) == needs) jobs.push_back({&record, s, wanted});
    }
  }
  return jobs;
}

// Until nothing that could be lowered is too high. Each round either writes all it wanted, or shows that some domain
// cannot be changed, or can be again; then the others are asked anew.
bool AgentBody::lower(TargetAim::Raises raises, base::MonoTime now) {
  bool all = true;
  for (std::size_t round = 0; round < 2 * catalog_.records().size() + 2; ++round) {
    Aim still = aim_;
    still.raises = aim_.raises && raises == TargetAim::Raises::allowed && round == 0;
    BudgetPlan plan = plan_budget({catalog_, settings_, still, governor_.order(), reserve_.power}, now);
    shortfall_ = plan.shortfall;
    for (std::size_t i = 0; i < plan.domains.size(); ++i) {
      auto& target = plan.domains[i]->target;
      auto& next = plan.targets.caps[i];
      // A target below the firmware's floor, once that has shown itself, would be asked for in vain.
      const bool in_vain = target && *target < plan.domains[i]->floor();
      if (next && (!target || *next < *target || in_vain)) target = next;
      next = target;
    }
    const std::vector<WriteJob> jobs = jobs_of(plan, Needs::lower, now);
    if (jobs.empty()) return all;
    all = executor_.run(SurfaceState::Doing::lowering, jobs, now) && all;
    settle(now);
  }
  return all;
}

void AgentBody::raise(const BudgetPlan& plan, base::MonoTime now) {
  const std::vector<WriteJob> jobs = jobs_of(plan, Needs::raise, now);
  for (std::size_t i = 0; i < plan.domains.size(); ++i) {
    DomainRecord& record = *plan.domains[i];
    const auto& next = plan.targets.caps[i];
    const bool higher = record.target && (!next || *next > *record.target);
    if (!higher) continue;
    record.target = next;
    record.raised_at = now;
  }
  if (jobs.empty()) return;
  static_cast<void>(executor_.run(SurfaceState::Doing::raising, jobs, now));
  settle(now);
  // The firmware went higher than asked, or one that counted at its ceiling can be changed again.
  lowers_done_ = lower(TargetAim::Raises::none, now);
}

void AgentBody::act(base::MonoTime now) {
  lowers_done_ = true;
  if (aim_.state == AgentState::observe) {
    // Clocks need no hardware that can be capped.
    if (settings_.mode == AgentMode::enforce) {
      limit_clocks(now);
      forget_given_back();
    }
    // A dry run shows the caps that it would set.
    shortfall_ = plan_budget({catalog_, settings_, aim_, governor_.order(), reserve_.power}, now).shortfall;
    return;
  }
  if (aim_.release) return release(now);
  limit_clocks(now);
  lowers_done_ = lower(TargetAim::Raises::allowed, now);
  if (!lowers_done_) return;
  const BudgetPlan plan = plan_budget({catalog_, settings_, aim_, governor_.order(), reserve_.power}, now);
  shortfall_ = plan.shortfall;
  raise(plan, now);
  forget_given_back();
}

std::optional<std::uint64_t> AgentBody::clock_limit_of(const std::string& domain) const {
  for (const std::string& name : {domain, domain.substr(0, domain.find('/'))}) {
    const auto found = settings_.clock_limits.find(name);
    if (found != settings_.clock_limits.end()) return found->second;
  }
  return std::nullopt;
}

// The second kind of control: journalled, read back and given back like limits, driven only by the operator's word.
void AgentBody::limit_clocks(base::MonoTime now) {
  std::vector<WriteJob> jobs;
  for (const auto& record : catalog_.records()) {
    if (record->facts.kind != DomainKind::frequency) continue;
    const auto limit = clock_limit_of(record->facts.id);
    for (std::size_t s = 0; s < record->surfaces.size(); ++s) {
      const SurfaceState& surface = record->surfaces[s];
      const bool reachable = surface.health() != Health::lost && surface.health() != Health::hung;
      if (!reachable || !surface.due(now) || !(limit || surface.ours())) continue;
      FieldValues wanted = wanted_at_original(surface.control(), surface.originals);
      for (const Field field : {Field::max_frequency, Field::locked_clock}) {
        if (limit && surface.control().has(field)) wanted.set(field, limit);
      }
      const bool lower_is_fine = limit && judge_read_back(wanted, {}, surface.read, {}, {}) == ReadBack::as_asked;
      const bool unlock = !limit && forgotten_lock(surface);
      if (!lower_is_fine && (unlock || needs_of(surface, wanted) != Needs::nothing))
        jobs.push_back({record.get(), s, wanted});
    }
  }
  if (!jobs.empty()) static_cast<void>(executor_.run(SurfaceState::Doing::lowering, jobs, now));
}

// A control that stands at its originals again is no longer ours.
void AgentBody::forget_given_back() {
  for (const auto& record : catalog_.records()) {
    if (record->target) continue;
    for (SurfaceState& surface : record->surfaces) {
      if (!surface.ours() || !surface.reliable()) continue;
      const FieldValues wanted = wanted_at_original(surface.control(), surface.originals);
      if (needs_of(surface, wanted) == Needs::nothing) surface.requested = FieldValues{};
    }
  }
}

std::string AgentBody::act_on_exit(base::MonoTime now) {
  const bool held_down = governor_.paused() || aim_.state == AgentState::emergency;
  if (settings_.mode != AgentMode::enforce || settings_.on_exit == OnExit::hold) return "asked to stop: caps stay";
  if (settings_.on_exit == OnExit::restore) {
    if (held_down) return "asked to stop: caps stay, " + aim_.reason;
    release(now);
    settle(now);
    return "asked to stop: originals are back where nobody else has changed them";
  }
  const auto least = governor_.fallback();
  if (!least || aim_.release) return "asked to stop: caps stay, there is no fallback to take";
  if (!aim_.budget || *least < *aim_.budget) {
    aim_.budget = least;
    aim_.budget_source = "fallback";
  }
  aim_.raises = false;
  lowers_done_ = lower(TargetAim::Raises::none, now);
  return lowers_done_ ? "asked to stop: the fallback is in force"
                      : "asked to stop: not everything could be lowered to the fallback";
}

void AgentBody::release(base::MonoTime now) {
  shortfall_ = {};
  std::vector<WriteJob> jobs;
  for (const auto& record : catalog_.records()) {
    record->target.reset();
    for (std::size_t s = 0; s < record->surfaces.size(); ++s) {
      SurfaceState& surface = record->surfaces[s];
      if (!surface.ours() || !surface.due(now)) continue;
      if (!surface.originals_certain) {
        notice("OriginalsUnknown", record->facts.id + ": the journal was lost, its limit stays as it is");
        surface.requested = FieldValues{};
        continue;
      }
      if (!catalog_.read(*record, surface, now)) continue;
      const ReadBack verdict =
          judge_read_back(surface.requested, surface.requested, surface.read, {}, surface.control().tolerance);
      if (verdict != ReadBack::as_asked && !forgotten_lock(surface)) {
        notice("ChangedByOthers", record->facts.id + ": somebody else changed its limit, it stays as it is");
        surface.requested = FieldValues{};
        continue;
      }
      jobs.push_back({record.get(), s, wanted_at_original(surface.control(), surface.originals)});
    }
  }
  if (!jobs.empty()) static_cast<void>(executor_.run(SurfaceState::Doing::raising, jobs, now));
  forget_given_back();
}

}  // namespace headroom::rapl_agent::core
