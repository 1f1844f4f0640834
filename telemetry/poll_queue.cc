#include "telemetry/poll_queue.h"

#include <algorithm>

namespace headroom::telemetry {
void PollQueue::add(JobId id, base::Milliseconds interval, base::MonoTime now) {
  jobs_[id] = {interval, now, false, false};
  healthy_.emplace(now, id);
}

void PollQueue::remove(JobId id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  const Job& job = found->second;
  if (job.in_flight) {
    if (job.suspect) removed_suspects_.insert(id);
  } else {
    set_of(job).erase({job.due, id});
  }
  jobs_.erase(found);
}

const PollQueue::DueSet* PollQueue::next(base::MonoTime now) const {
  const auto due = [now](const DueSet& set) { return !set.empty() && set.begin()->first <= now; };
  const bool suspect = due(suspects_) && suspects_in_flight_ < suspects_allowed_;
  if (!due(healthy_)) return suspect ? &suspects_ : nullptr;
  return suspect && suspects_.begin()->first < healthy_.begin()->first ? &suspects_ : &healthy_;
}

std::optional<JobId> PollQueue::take(base::MonoTime now) {
  const DueSet* from = next(now);
  if (from == nullptr) return std::nullopt;
  const JobId id = from->begin()->second;
  Job& job = jobs_[id];
  set_of(job).erase({job.due, id});
  job.in_flight = true;
  if (job.suspect) ++suspects_in_flight_;
  return id;
}

void PollQueue::done(JobId id, PollOutcome outcome, base::MonoTime now) {
  if (removed_suspects_.erase(id) > 0) --suspects_in_flight_;
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  Job& job = found->second;
  if (job.suspect) --suspects_in_flight_;
  job.in_flight = false;
  job.suspect = outcome == PollOutcome::failed;
  // From the planned time on, so that polls do not drift; but never in a burst after a stall.
  const base::MonoTime next = job.due + job.interval;
  job.due = std::max(next, now + job.interval / 2);
  set_of(job).emplace(job.due, id);
}

}  // namespace headroom::telemetry
