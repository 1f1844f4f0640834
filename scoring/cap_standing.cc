#include "scoring/cap_standing.h"

#include <algorithm>

#include "policy/charge.h"

namespace headroom::scoring {
namespace {

using base::Power;
using policy::CapReach;

}  // namespace

CapsByRow caps_by_row(const NodeTable& table, const std::vector<std::shared_ptr<const model::NodePowerCap>>& caps) {
  CapsByRow by_row(table.nodes.size());
  auto cap = caps.begin();
  for (std::size_t row = 0; row < by_row.size(); ++row) {
    const std::string& name = table.nodes[row].node->name;
    while (cap != caps.end() && (*cap)->name < name) ++cap;
    if (cap != caps.end() && (*cap)->name == name) by_row[row] = cap->get();
  }
  return by_row;
}

Power class_max_of(const NodeRow& row, const model::NodePowerCap* cap, std::optional<Power> measured) {
  Power most = std::max(row.peak, measured.value_or(Power()));
  if (!row.max && cap != nullptr) most = std::max(most, cap->status.max.value_or(Power()));
  return most;
}

NodeLoad with_cap(NodeLoad load, const NodeRow& row, const model::NodePowerCap& cap) {
  const bool fresh = load.telemetry == TelemetryState::fresh;
  const std::optional<Power> measured = fresh ? std::optional(load.measured) : std::nullopt;
  policy::ChargeInput input;
  input.cap = &cap;
  input.boot_id = row.node->boot_id;
  input.class_max = class_max_of(row, &cap, measured);
  const policy::Charge charge = policy::charge_of(input);
  load.capped = policy::binds(charge, cap, measured);
  const bool without_ack = charge.reach == CapReach::unheard || charge.reach == CapReach::rebooted;
  if (load.capped || without_ack) {
    load.booked.floor = std::max(load.booked.floor, input.class_max);
    load.present.floor = std::max(load.present.floor, input.class_max);
  }
  return load;
}

}  // namespace headroom::scoring
