#include "rapl-agent/core/executor.h"

#include <algorithm>

namespace headroom::rapl_agent::core {

struct Executor::Prepared {
  DomainRecord* record = nullptr;
  SurfaceState* surface = nullptr;
  FieldValues wanted;
  FieldValues before;
  std::vector<FieldWrite> writes;
  SurfaceState::Doing phase = SurfaceState::Doing::lowering;
};

namespace {

constexpr Field kLimits[] = {Field::long_term_limit, Field::short_term_limit};

bool above(const SurfaceState& surface, const FieldValues& wanted, Field field) {
  const auto asked = wanted.get(field);
  const auto now = surface.read.get(field);
  if (!asked) return false;
  return !now || (*now > *asked && !same_value(field, *asked, *now, surface.control().tolerance));
}

base::Power floor_of(const DomainRecord& record) {
  return record.limits ? record.limits->floor : base::Power{};
}

// Some drivers stop limiting when a cap falls far at once: they get there by quarters.
std::vector<FieldWrite> in_steps(const SurfaceState& surface, const DomainRecord& record, FieldWrite write) {
  std::vector<FieldWrite> steps;
  const auto now = surface.read.get(write.field);
  const bool stepped = record.is_gpu() && surface.control().surface == Surface::hwmon;
  if (stepped && write.field == Field::long_term_limit && now) {
    for (std::uint64_t next = *now / 4 * 3; next > write.value; next = next / 4 * 3)
      steps.push_back({write.field, next});
  }
  steps.push_back(write);
  return steps;
}

}  // namespace

Needs needs_of(const SurfaceState& surface, const FieldValues& wanted) {
  if (wanted.get(Field::enabled) == 1 && surface.read.get(Field::enabled) != 1) return Needs::lower;
  for (const Field field : kLimits) {
    if (above(surface, wanted, field)) return Needs::lower;
  }
  const bool same = writes_between(surface.read, wanted, surface.control().tolerance).empty();
  return same ? Needs::nothing : Needs::raise;
}

bool forgotten_lock(const SurfaceState& surface) {
  return surface.requested.get(Field::locked_clock).value_or(0) > 0 && surface.read.get(Field::locked_clock) == 0;
}

bool dangerous(const SurfaceState& surface, FieldWrite write) {
  if (write.field != Field::long_term_limit && write.field != Field::short_term_limit) return false;
  if (write.value == 0) return true;
  std::uint64_t most = surface.originals.get(write.field).value_or(0);
  const auto& hint = surface.control().max_hint;
  if (hint && write.field == Field::long_term_limit) most = std::max(most, static_cast<std::uint64_t>(hint->count()));
  return write.value > most;
}

bool Executor::write_one(const Prepared& prepared, FieldWrite write, base::MonoTime now) {
  if (dangerous(*prepared.surface, write)) {
    ++refused_values_;
    return true;  // nothing went out; the read-back decides what that means
  }
  const ControlKey key{prepared.record->facts.id, prepared.surface->control().surface, write.field};
  const Access access = prepared.record->source.backend->write(key, write.value);
  if (access.ok()) {
    ++prepared.record->writes_ok;
    prepared.surface->requested.set(write.field, write.value);
    return true;
  }
  ++prepared.record->writes_failed;
  // A window that cannot be set leaves the limit as it is; the longer one counts until an ack.
  if (write.field == Field::long_term_window && access.outcome != Outcome::hung) return true;
  prepared.surface->failed(access, prepared.phase, now, timing_);
  return false;
}

bool Executor::write_all(const Prepared& prepared, base::MonoTime now) {
  for (const FieldWrite& write : prepared.writes) {
    for (const FieldWrite& step : in_steps(*prepared.surface, *prepared.record, write)) {
      if (!write_one(prepared, step, now)) return false;
    }
  }
  return true;
}

bool Executor::read_back(const Prepared& prepared, base::MonoTime now) {
  SurfaceState& surface = *prepared.surface;
  if (!catalog_.read(*prepared.record, surface, now)) return false;
  const ReadBack verdict = judge_read_back(prepared.wanted, prepared.before, surface.read, floor_of(*prepared.record),
                                           surface.control().tolerance);
  surface.wrote(verdict, now, timing_);
  return verdict == ReadBack::as_asked || verdict == ReadBack::lower;
}

bool Executor::run(SurfaceState::Doing phase, std::vector<WriteJob> jobs, base::MonoTime now) {
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const WriteJob& a, const WriteJob& b) { return !a.record->is_gpu() && b.record->is_gpu(); });
  bool all = true;
  std::vector<Prepared> prepared;
  std::vector<Catalog::ControlRef> controls;
  for (const WriteJob& job : jobs) controls.push_back({job.record, &job.record->surfaces[job.surface]});
  const std::vector<bool> complete = catalog_.read_all(controls, now);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const WriteJob& job = jobs[i];
    SurfaceState& surface = job.record->surfaces[job.surface];
    if (!complete[i]) {
      all = false;
      continue;
    }
    std::vector<FieldWrite> writes = writes_between(surface.read, job.wanted, surface.control().tolerance);
    if (job.wanted.get(Field::locked_clock) == 0 && forgotten_lock(surface)) {
      writes.push_back({Field::locked_clock, 0});
    }
    for (const FieldWrite& write : writes) surface.pending.set(write.field, write.value);
    prepared.push_back({job.record, &surface, job.wanted, surface.read, std::move(writes), phase});
  }
  const bool anything =
      std::any_of(prepared.begin(), prepared.end(), [](const Prepared& p) { return !p.writes.empty(); });
  if (anything) announce_();
  for (const Prepared& job : prepared) {
    const bool written = write_all(job, now);
    // A write that failed may have worked all the same, or in part.
    if (!written && job.surface->health() != Health::hung) catalog_.refresh(*job.record, *job.surface);
    all = written && read_back(job, now) && all;
    job.surface->pending = FieldValues{};
  }
  return all;
}

}  // namespace headroom::rapl_agent::core
