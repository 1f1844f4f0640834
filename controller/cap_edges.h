// What the caps loop needs of the API server, as small roles: kube_cap_edges.h talks to a real one, tests put data in
// their place. All are called from the caps loop's thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "controller/release_answer.h"
#include "model/node_power_cap.h"

namespace headroom::controller {

struct CapList {
  std::vector<model::NodePowerCap> caps;
  std::int64_t highest_epoch = 0;  // also of objects that cannot be read otherwise
};

// One order on its way. `cap` says what is to stand: an update carries the uid and resourceVersion that were read.
struct CapOrder {
  model::NodePowerCap cap;
  std::string node_uid;  // of the Node that owns a new one
  bool create = false;
};

class CapStore {
 public:
  virtual ~CapStore() = default;
  // All of them, as the API server holds them now (no cache). Errors: not_found where the CRD is not installed.
  [[nodiscard]] virtual base::Result<CapList> list() = 0;
  [[nodiscard]] virtual base::Result<model::NodePowerCap> get(const std::string& name) = 0;
  // As stored afterwards. Errors: conflict (exists already, or changed since it was read), not_found (deleted),
  // invalid_input (refused, by the transition rule too), unavailable (nobody knows whether it will still arrive).
  [[nodiscard]] virtual base::Result<model::NodePowerCap> write(const CapOrder& order) = 0;
};

// The time for which this process may act as leader.
struct Term {
  std::int32_t transitions = 0;  // of the election Lease
  base::MonoTime ends_at;        // every write must have ended by then
};
class Tenure {
 public:
  virtual ~Tenure() = default;
  // Nothing: somebody else leads, or nobody. Asked right before each write.
  [[nodiscard]] virtual std::optional<Term> term() const = 0;
};

// Where people ask for the release of nodes, and hear what becomes of it.
class ReleaseDesk {
 public:
  virtual ~ReleaseDesk() = default;
  [[nodiscard]] virtual base::Status answer(const model::NodePowerCap& cap, const ReleaseAnswer& answer) = 0;
};

// What the heartbeat Lease says besides.
struct HeartbeatView {
  bool paused = false;  // base::names::kPauseAnnotation
};
class Heartbeat {
 public:
  virtual ~Heartbeat() = default;
  // Renews it (creates it where there is none).
  [[nodiscard]] virtual base::Result<HeartbeatView> renew() = 0;
  [[nodiscard]] virtual base::Result<HeartbeatView> read() = 0;
};

}  // namespace headroom::controller
