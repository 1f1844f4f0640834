// One condition of a pod's status, written by strategic merge patch, so that the others stay.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "kube/api_client.h"

namespace headroom::kube {

struct PodRef {
  std::string ns;
  std::string name;
  std::string uid;  // a precondition: another pod of the same name is left alone (conflict)
};

enum class ConditionStatus { is_true, is_false, unknown };

struct PodCondition {
  std::string type;
  ConditionStatus status = ConditionStatus::unknown;
  std::string reason;
  std::string message;
  base::WallTime last_transition;
};

// Errors: not_found (pod gone), conflict (another UID), denied, unavailable.
[[nodiscard]] base::Status patch_pod_condition(ApiClient& client, const PodRef& pod, const PodCondition& condition);

}  // namespace headroom::kube
