// What a node's NodePowerCap means for admission. Throttled draw is no free headroom: where the budget binds, the node
// counts at its class maximum and takes no pods; one whose agent has acknowledged nothing yet counts at its class
// maximum. The same charge_of() and binds() as the controller's, on the same draw. Pure; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/units.h"
#include "model/node_power_cap.h"
#include "scoring/node_load.h"
#include "scoring/node_table.h"

namespace headroom::scoring {

// By NodeTable::nodes; null: none. `caps` sorted by name, as in a snapshot. They must outlive the result.
using CapsByRow = std::vector<const model::NodePowerCap*>;
[[nodiscard]] CapsByRow caps_by_row(const NodeTable& table,
                                    const std::vector<std::shared_ptr<const model::NodePowerCap>>& caps);

// What the node can draw at most: maxWatts of its class, else what its cores and devices can by its class or what its
// agent has read from the hardware; never less than what it draws.
[[nodiscard]] base::Power class_max_of(const NodeRow& row, const model::NodePowerCap* cap,
                                       std::optional<base::Power> measured);

[[nodiscard]] NodeLoad with_cap(NodeLoad load, const NodeRow& row, const model::NodePowerCap& cap);

}  // namespace headroom::scoring
