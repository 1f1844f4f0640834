// What the extender needs of the API server beside the mirrored objects, as small roles: kube_edges.h talks to a real
// one, tests put data in their place. All are called from several threads.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"
#include "kube/bind.h"
#include "kube/pod_condition.h"
#include "model/pod.h"

namespace headroom::extender {

class PodBinder {
 public:
  virtual ~PodBinder() = default;
  // One POST; gives up (as unknown) before BindConfig::timeout.
  [[nodiscard]] virtual kube::BindReply bind(const kube::BindRequest& request) = 0;
  // A pod that the watch has not shown yet. Errors: not_found and ApiClient's others.
  [[nodiscard]] virtual base::Result<model::Pod> get_pod(const std::string& ns, const std::string& name) = 0;
};

class PodConditionWriter {
 public:
  virtual ~PodConditionWriter() = default;
  [[nodiscard]] virtual base::Status write(const kube::PodRef& pod, const kube::PodCondition& condition) = 0;
};

// Where one mirrored kind of object stands, for people.
struct ApiSource {
  std::string name;
  bool synced = false;
  std::string error;  // of the last failure, while it lasts
  std::size_t objects = 0;
};

class SchedulerLease {
 public:
  virtual ~SchedulerLease() = default;
  // Who holds the kube-scheduler's Lease: its holderIdentity, empty where it is free. Nothing: there is no Lease.
  [[nodiscard]] virtual base::Result<std::optional<std::string>> holder() = 0;
};

}  // namespace headroom::extender
