// Decides which endpoint is asked next. Pure bookkeeping; not thread-safe.
//
// An endpoint whose last poll failed is a suspect: of the polls in flight at most half may be of suspects, so that any
// number of hanging exporters leaves the other half to the healthy ones. Suspects are asked as often as the others
// where there is room, so that one that comes back is seen within its interval.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"

namespace headroom::telemetry {

using JobId = std::uint32_t;

enum class PollOutcome { good, failed };

class PollQueue {
 public:
  explicit PollQueue(int concurrency) : suspects_allowed_(concurrency / 2 > 0 ? concurrency / 2 : 1) {}

  // Due at once. REQUIRES: the id is new.
  void add(JobId id, base::Milliseconds interval, base::MonoTime now);
  // A job in flight may be removed too; its done() is then ignored.
  void remove(JobId id);

  // The job that has been due longest and may run now; it is in flight until done().
  [[nodiscard]] std::optional<JobId> take(base::MonoTime now);
  void done(JobId id, PollOutcome outcome, base::MonoTime now);

  // Whether take() would give a job.
  [[nodiscard]] bool ready(base::MonoTime now) const { return next(now) != nullptr; }

 private:
  struct Job {
    base::Milliseconds interval{0};
    base::MonoTime due;
    bool suspect = false;
    bool in_flight = false;
  };
  using DueSet = std::set<std::pair<base::MonoTime, JobId>>;

  [[nodiscard]] DueSet& set_of(const Job& job) { return job.suspect ? suspects_ : healthy_; }

  // Where the job stands that may run next; null: none may.
  [[nodiscard]] const DueSet* next(base::MonoTime now) const;

  int suspects_allowed_;
  int suspects_in_flight_ = 0;
  std::map<JobId, Job> jobs_;
  std::set<JobId> removed_suspects_;  // removed in flight: they still count until done()
  DueSet healthy_;
  DueSet suspects_;
};

}  // namespace headroom::telemetry
