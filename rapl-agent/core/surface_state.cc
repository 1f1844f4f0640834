#include "rapl-agent/core/surface_state.h"

namespace headroom::rapl_agent::core {
namespace {

std::string sentence(const Access& access, SurfaceState::Doing doing) {
  std::string text = doing == SurfaceState::Doing::reading ? "reading: " : "writing: ";
  text += to_string(access.outcome);
  if (access.code != 0) text += " (" + std::to_string(access.code) + ")";
  if (!access.hint.empty()) text += ": " + access.hint;
  return text;
}

base::Power power_of(std::uint64_t microwatts) {
  return base::microwatts(static_cast<std::int64_t>(microwatts));
}

}  // namespace

std::optional<base::Power> SurfaceState::enforced() const {
  if (control_.has(Field::enabled) && read.get(Field::enabled) != 1) return std::nullopt;
  auto value = read.get(Field::long_term_limit);
  if (const auto acting = read.get(Field::enforced_limit)) value = acting;
  return value ? std::optional(power_of(*value)) : std::nullopt;
}

void SurfaceState::again(base::MonoTime at, std::string detail) {
  retry_at_ = at;
  detail_ = std::move(detail);
}

void SurfaceState::give_up(Health health, base::MonoTime retry_at, std::string detail) {
  health_ = health;
  again(retry_at, std::move(detail));
}

// Twice more, soon; then it counts as broken until the later time.
void SurfaceState::retry_or(Health health, base::MonoTime give_up_until, std::string detail, base::MonoTime now,
                            const Timing& timing) {
  ++tries_;
  if (health_ != Health::ok || tries_ >= kTriesBeforeGivingUp) {
    give_up(health, give_up_until, std::move(detail));
  } else {
    again(now + (tries_ == 1 ? timing.first_retry : timing.second_retry), std::move(detail));
  }
}

void SurfaceState::failed(const Access& access, Doing doing, base::MonoTime now, const Timing& timing) {
  std::string detail = sentence(access, doing);
  // A read that fails while a write is being tried again does not make it a matter of reading.
  if (doing != Doing::reading || tries_ == 0) doing_ = doing;
  if (!trouble_since_) trouble_since_ = now;
  switch (access.outcome) {
    case Outcome::ok: return;
    case Outcome::no_permission:
    case Outcome::read_only:
    case Outcome::not_kernel: return give_up(Health::readonly, now + timing.permission_retry, std::move(detail));
    case Outcome::unsupported: return give_up(Health::unsupported, now + timing.permission_retry, std::move(detail));
    case Outcome::hung: return give_up(Health::hung, now + timing.tick, std::move(detail));
    case Outcome::gone:
    case Outcome::lost:
    case Outcome::unknown_key:
    case Outcome::library_broken:
      wants_discovery_ = health_ != Health::lost;
      return give_up(Health::lost, now + timing.verify, std::move(detail));
    case Outcome::locked:
      ++tries_;
      if (health_ == Health::readonly || tries_ >= kTriesBeforeGivingUp) {
        return give_up(Health::readonly, now + timing.permission_retry, std::move(detail));
      }
      return again(now + timing.locked_retry, std::move(detail));
    case Outcome::busy:
      ++tries_;
      if (now - *trouble_since_ < timing.busy_give_up) return again(now + timing.busy_retry, std::move(detail));
      return give_up(Health::mismatch, now + timing.contested_retry, std::move(detail));
    case Outcome::invalid:
      // The range may have changed: list again, which clamps, and try once more.
      ++tries_;
      if (tries_ == 1 && health_ == Health::ok) {
        wants_discovery_ = true;
        return again(now + timing.first_retry, std::move(detail));
      }
      return give_up(Health::mismatch, now + timing.permission_retry, std::move(detail));
    case Outcome::transient:
    case Outcome::garbage:
      return retry_or(Health::mismatch, now + timing.contested_retry, std::move(detail), now, timing);
  }
}

void SurfaceState::recover(base::MonoTime now, const Timing& timing) {
  clear();
  forget_old_reasserts(now, timing);
  if (reasserts_.size() > kContestReasserts) {
    return give_up(Health::contested, now + timing.contested_retry, "somebody else keeps changing it");
  }
}

void SurfaceState::clear() {
  tries_ = 0;
  doing_ = Doing::reading;
  trouble_since_.reset();
  retry_at_.reset();
  health_ = Health::ok;
  detail_.clear();
}

void SurfaceState::wrote(ReadBack verdict, base::MonoTime now, const Timing& timing) {
  const base::MonoTime later = now + timing.contested_retry;
  doing_ = verdict == ReadBack::below_floor ? Doing::raising : Doing::lowering;
  heed_lower_short_term(now, timing);
  switch (verdict) {
    case ReadBack::as_asked:
      if (foreign_ && enforced() && *enforced() > *foreign_ + control_.tolerance) foreign_.reset();
      return recover(now, timing);
    case ReadBack::lower:
      foreign_ = enforced();
      foreign_until_ = now + timing.foreign_lower;
      return recover(now, timing);
    case ReadBack::clamped_up: firmware_floor_ = enforced(); return recover(now, timing);
    case ReadBack::below_floor: return retry_or(Health::mismatch, later, "reads back below its floor", now, timing);
    case ReadBack::too_high:
      return retry_or(Health::mismatch, later, "the write succeeded and the limit stayed", now, timing);
    case ReadBack::disabled:
      return retry_or(Health::mismatch, later, "the limit is not enabled and cannot be", now, timing);
  }
}

void SurfaceState::drifted(ReadBack verdict, base::MonoTime now, const Timing& timing) {
  // Respected once, as below.
  const auto short_term = read.get(Field::short_term_limit);
  if (!short_term_taken_ || short_term < short_term_taken_) heed_lower_short_term(now, timing);
  if (verdict == ReadBack::as_asked) return calm(now, timing);
  if (verdict == ReadBack::lower) {
    // Respected once, not for as long as it stays: afterwards we ask for ours again.
    const auto present = enforced();
    if (foreign_ && present && *present >= *foreign_) return;
    ++external_changes_;
    foreign_ = present;
    foreign_until_ = now + timing.foreign_lower;
    return;
  }
  ++external_changes_;
  if (!due(now)) return;
  forget_old_reasserts(now, timing);
  reasserts_.push_back(now);
  if (reasserts_.size() > kContestReasserts && health_ == Health::ok) {
    give_up(Health::contested, now + timing.contested_retry, "somebody else keeps changing it");
  }
}

void SurfaceState::forget_old_reasserts(base::MonoTime now, const Timing& timing) {
  while (!reasserts_.empty() && now - reasserts_.front() > timing.contest_span) reasserts_.pop_front();
}

void SurfaceState::read_works() {
  const bool was_away = health_ == Health::hung || health_ == Health::lost;
  if (was_away || (doing_ == Doing::reading && health_ != Health::contested)) clear();
}

void SurfaceState::calm(base::MonoTime now, const Timing& timing) {
  forget_old_reasserts(now, timing);
  if (health_ == Health::contested && reasserts_.size() <= kContestReasserts) clear();
}

void SurfaceState::lost(const std::string& why) {
  read = FieldValues{};
  give_up(Health::lost, base::MonoTime::max(), why);
}

void SurfaceState::returned(base::MonoTime now) {
  read = FieldValues{};
  firmware_floor_.reset();
  foreign_.reset();
  short_term_taken_.reset();
  reasserts_.clear();
  tries_ = 0;
  doing_ = Doing::reading;
  trouble_since_.reset();
  if (health_ == Health::lost) again(now, "is back");
}

void SurfaceState::heed_outer_limit(base::MonoTime now, const Timing& timing) {
  const auto asked = read.get(Field::long_term_limit);
  const auto acting = read.get(Field::enforced_limit);
  if (!asked || !acting || foreign_ceiling(now)) return;
  if (power_of(*acting) + control_.tolerance >= power_of(*asked)) return;
  foreign_ = power_of(*acting);
  foreign_until_ = now + timing.foreign_lower;
}

void SurfaceState::heed_lower_short_term(base::MonoTime now, const Timing& timing) {
  const auto asked = requested.get(Field::short_term_limit);
  const auto present = read.get(Field::short_term_limit);
  if (!asked || !present) return;
  if (*present >= *asked || same_value(Field::short_term_limit, *asked, *present, control_.tolerance)) {
    return short_term_taken_.reset();
  }
  if (short_term_taken_ == present && now < short_term_until_) return;
  short_term_taken_ = present;
  short_term_until_ = now + timing.foreign_lower;
}

FieldValues SurfaceState::as_far_as_taken(FieldValues wanted, base::MonoTime now) const {
  const auto asked = wanted.get(Field::short_term_limit);
  if (asked && short_term_taken_ && *short_term_taken_ < *asked && now < short_term_until_) {
    wanted.set(Field::short_term_limit, short_term_taken_);
  }
  return wanted;
}

std::optional<base::Power> SurfaceState::foreign_ceiling(base::MonoTime now) const {
  return foreign_ && now < foreign_until_ ? foreign_ : std::nullopt;
}

}  // namespace headroom::rapl_agent::core
