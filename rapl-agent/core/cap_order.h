// What the agent wants from its NodePowerCap and from the controller's heartbeat Lease, and how it gets it.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "model/node_power_cap.h"

namespace headroom::rapl_agent::core {

// Orders of one object are compared by their stamp; another uid is a new object, taken as it comes.
struct OrderId {
  std::string uid;
  model::CapStamp stamp;

  bool operator==(const OrderId&) const = default;
};

// The node's NodePowerCap as it was sent: the agent refuses what makes no sense (order_check.h) and keeps its last
// order.
struct CapOrder {
  std::string uid;
  model::NodePowerCapSpec spec;

  [[nodiscard]] OrderId id() const { return {uid, spec.stamp}; }
  bool operator==(const CapOrder&) const = default;
};

// What the watches say now. The kube edge fills it, the loop takes a copy each tick.
struct CapView {
  enum class Presence {
    unknown,  // not read yet, or the API server does not answer: silence
    absent,   // there is no NodePowerCap of this node, or no such resource: silence too, never a release
    present,
  };
  Presence presence = Presence::unknown;
  std::optional<CapOrder> order;            // when present and readable
  std::string unreadable;                   // why `order` is absent although present: bad field and reason
  std::optional<base::WallTime> heartbeat;  // the Lease's renewTime as last seen; only its change counts
  bool paused = false;                      // the Lease says so: nothing is raised or given back, lowers go on
};

// Thread-safe: the loop reads while watches write.
class CapInbox {
 public:
  virtual ~CapInbox() = default;
  [[nodiscard]] virtual CapView latest() const = 0;
};

}  // namespace headroom::rapl_agent::core
