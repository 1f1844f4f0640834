// Which changes are worth an Event. Pure but for its own memory of what was told; not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/desired_status.h"
#include "controller/pod_tally.h"
#include "controller/write_planner.h"

namespace headroom::controller {

// The condition says that something is wrong or odd (NotEvaluated and ScenariosNotEvaluated do not: they always say the
// same).
[[nodiscard]] bool is_trouble(const StatusCondition& condition);

class EventChoice {
 public:
  // When leadership begins: what stands in the statuses has been told by the leader before, and pods that run now were
  // told of then.
  void begin(const std::vector<ExistingStatus>& existing);

  // Trouble that is new, or has another reason, and its end.
  [[nodiscard]] std::vector<StatusCondition> of_status(const DesiredStatus& status);
  // Pods that were let pass and have not been told of; each once.
  [[nodiscard]] std::vector<LetPass> of_pods(const PodTally& tally);

 private:
  std::map<ObjectKey, std::map<std::string, std::string>> told_;  // type -> reason of the trouble
  std::set<std::string> pods_;                                    // UIDs
  bool pods_known_ = false;
};

}  // namespace headroom::controller
