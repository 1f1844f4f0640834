// What a leader knows of the NodePowerCaps beyond the mirror: its epoch and sequence, what it has written and the
// mirror does not show yet, and writes of which nobody knows whether they will arrive.
//
//   epoch      1 + max(transitions of the election Lease, highest epoch in any NodePowerCap)
//   sequence   one more with every order of this leader
//   in flight  the largest budget of a node's writes whose outcome is not known. It counts as charged until a later
//              order stands: then the API server refuses the earlier one for ever.
//
// Pure; `now` is a parameter. Not thread-safe: the caps loop owns it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "controller/cap_edges.h"
#include "model/cluster_snapshot.h"

namespace headroom::controller {

class CapBook {
 public:
  using Cap = std::shared_ptr<const model::NodePowerCap>;

  // Leadership begins: forgets everything but this.
  void begin(const CapList& existing, std::int32_t lease_transitions, base::MonoTime now);
  [[nodiscard]] std::int64_t epoch() const { return stamp_.epoch; }

  // Before each round: lets go of what the mirror has caught up with.
  void mirrored(const std::vector<Cap>& caps, base::MonoTime now);
  // The newest version known. Null: there is none, as far as is known.
  [[nodiscard]] Cap current(const std::string& node) const;
  [[nodiscard]] std::optional<base::Power> in_flight(const std::string& node) const;

  // The order that puts `spec` (its stamp is not looked at) in place of the current one. What the agent may still be
  // acting on is carried along in unacknowledged_budget. class_max: what an order without a budget allows.
  [[nodiscard]] CapOrder order(const std::string& node, model::NodePowerCapSpec spec, base::Power class_max);
  // The same order again, over a version that was read meanwhile.
  [[nodiscard]] CapOrder repeated(CapOrder order, const model::NodePowerCap& read, base::Power class_max);

  // What became of it.
  void stored(const model::NodePowerCap& cap, base::MonoTime now);
  void unknown(const CapOrder& order, base::Power class_max);
  void gone(const std::string& node);  // it was deleted

 private:
  struct Written {
    Cap cap;
    base::MonoTime at;
  };
  struct InFlight {
    model::CapStamp stamp;
    base::Power budget;
  };

  void count(const std::string& node, model::CapStamp stamp, base::Power budget);

  model::CapStamp stamp_;                   // of the last order
  std::map<std::string, Cap> mirror_;       // by name
  std::map<std::string, Written> written_;  // what the mirror does not show yet
  std::map<std::string, InFlight> in_flight_;
};

// The largest budget that the agent may be acting on besides what its status says: that of an order that it has not
// acknowledged, and those before. Nothing: it has acknowledged the order that stands.
[[nodiscard]] std::optional<base::Power> unacknowledged(const model::NodePowerCap& cap, base::Power class_max);

}  // namespace headroom::controller
