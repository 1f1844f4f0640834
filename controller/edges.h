// What the controller needs of the API server beside the mirrored objects, as small roles: kube_edges.h talks to a real
// one, tests put data in their place. All are called from the status loop's thread only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "controller/write_planner.h"
#include "model/pod.h"

namespace headroom::controller {

class StatusStore {
 public:
  virtual ~StatusStore() = default;
  // Of all policies and topologies.
  [[nodiscard]] virtual base::Result<std::vector<ExistingStatus>> existing() = 0;
  // Errors: not_found where the object is gone, conflict where another one has its name.
  [[nodiscard]] virtual base::Status write(const StatusWrite& write) = 0;
};

// Object name -> topology::print_topology.
using StoredSpecs = std::map<std::string, std::string>;

// The ConfigMap of last valid topologies.
class SpecStore {
 public:
  virtual ~SpecStore() = default;
  // Empty where there is none.
  [[nodiscard]] virtual base::Result<StoredSpecs> load() = 0;
  [[nodiscard]] virtual base::Status store(const StoredSpecs& specs) = 0;
};

class Leadership {
 public:
  virtual ~Leadership() = default;
  // Asked right before each write.
  [[nodiscard]] virtual bool leads() const = 0;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Does not wait, cannot fail.
  virtual void status_changed(const DesiredStatus& status, const StatusCondition& condition) = 0;
  virtual void let_pass(const model::Pod& pod, const std::string& reason) = 0;
};

}  // namespace headroom::controller
