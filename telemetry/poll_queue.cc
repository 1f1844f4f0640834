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

bool PollQueue::ready(base::MonoTime now) const {
  if (!healthy_.empty() && healthy_.begin()->first <= now) return true;
  return suspects_in_flight_ < suspects_allowed_ && !suspects_.empty() && suspects_.begin()->first <= now;
}

std::optional<JobId> PollQueue::take(base::MonoTime now) {
  if (!ready(now)) return std::nullopt;
  const bool suspect_allowed = suspects_in_flight_ < suspects_allowed_ && !suspects_.empty();
  const bool use_suspect = suspect_allowed && (healthy_.empty() || suspects_.begin()->first < healthy_.begin()->first);
  DueSet& from = use_suspect ? suspects_ : healthy_;
  const JobId id = from.begin()->second;
  from.erase(from.begin());
  jobs_[id].in_flight = true;
  if (use_suspect) ++suspects_in_flight_;
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
