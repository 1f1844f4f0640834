// Which status to write now: on change only, measured numbers at most every 10 s, and never more than the write budget.
// No I/O, no clock. Not thread-safe: the status loop owns it.
//
//   at once        a condition or its reason changed, a new generation, a status never written
//   after 10 s     a message or a number changed (numbers by more than 1 % and 5 W)
//   budget         10 writes a second, 20 in a burst; conditions before numbers, then what has waited longest
//   after failure  5 s
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "controller/desired_status.h"

namespace headroom::controller {

using ConditionTimes = std::map<std::string, base::WallTime, std::less<>>;  // type -> lastTransitionTime

struct StatusWrite {
  DesiredStatus status;
  ConditionTimes since;
};

// What the API server holds, as far as it was read: without numbers.
struct ExistingStatus {
  ObjectKey key;
  std::string uid;
  std::int64_t observed_generation = 0;
  std::vector<StatusCondition> conditions;
  ConditionTimes since;
};

struct WriteLimits {
  base::Milliseconds numbers_interval{10'000};
  base::Milliseconds retry_interval{5'000};
  double writes_per_second = 10;
  double burst = 20;
};

struct PlannerTime {
  base::MonoTime mono;
  base::WallTime wall;
};

class WritePlanner {
 public:
  explicit WritePlanner(WriteLimits limits) : limits_(limits), tokens_(limits.burst) {}

  // When leadership begins: forgets everything but this.
  void adopt(const std::vector<ExistingStatus>& existing);

  // What to write now, in order. `all` is the whole plan; what is not in it is forgotten. Writes count against the
  // budget as they are returned.
  [[nodiscard]] std::vector<StatusWrite> due(const std::vector<DesiredStatus>& all, PlannerTime now);
  void written(const StatusWrite& write, base::MonoTime now);
  void failed(const ObjectKey& key, base::MonoTime now);

 private:
  struct Memory {
    DesiredStatus last;
    ConditionTimes since;
    std::optional<base::MonoTime> written_at;  // nothing: adopted
    std::optional<base::MonoTime> retry_at;
  };
  enum class Urgency { none, numbers, conditions };

  [[nodiscard]] Urgency urgency(const DesiredStatus& wanted, base::MonoTime now) const;
  [[nodiscard]] ConditionTimes times(const DesiredStatus& wanted, base::WallTime now) const;
  void forget_missing(const std::vector<DesiredStatus>& all);
  void refill(base::MonoTime now);

  WriteLimits limits_;
  std::map<ObjectKey, Memory> memory_;
  std::map<ObjectKey, base::MonoTime> first_failures_;  // retry times of statuses never written
  double tokens_;
  std::optional<base::MonoTime> refilled_at_;
};

}  // namespace headroom::controller
