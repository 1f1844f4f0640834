// What the agent wants from its NodePowerCap and from the controller's heartbeat Lease, and how it gets it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "base/units.h"

namespace headroom::rapl_agent::core {

// Orders of one object are compared by (epoch, sequence); another uid is a new object, taken as it comes.
struct OrderId {
  std::string uid;
  std::int64_t epoch = 0;
  std::int64_t sequence = 0;

  bool operator==(const OrderId&) const = default;
};

// Spec of the node's NodePowerCap (docs of the fields: deploy/crds/nodepowercaps.yaml). Values as they were sent: the
// agent refuses what makes no sense (judge_order in order_check.h) and keeps its last order then.
struct CapOrder {
  OrderId id;
  base::Power budget;                             // of the node at its inlet
  std::optional<base::Power> fallback;            // what holds after the grace time
  std::optional<base::Power> cpu_package;         // explicit cap of each package; its dies share it
  std::optional<base::Power> gpu;                 // explicit cap of each GPU or module
  std::optional<base::Power> reserve;             // what the node draws outside the domains, as the controller knows it
  std::optional<base::Share> short_term;          // PL2 as a share of PL1, 1..200 %
  std::optional<base::Microseconds> time_window;  // PL1's averaging window
  std::optional<base::Power> hard_limit;
  std::optional<base::WallTime> brake_until;  // on the controller's clock, as the heartbeat's renewTime is
  bool release = false;

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
};

// Thread-safe: the loop reads while watches write.
class CapInbox {
 public:
  virtual ~CapInbox() = default;
  [[nodiscard]] virtual CapView latest() const = 0;
};

}  // namespace headroom::rapl_agent::core
