#include "scoring/held_nodes.h"

#include <algorithm>

namespace headroom::scoring {
namespace {

using base::Power;

HeldMemory first_memory(const HeldInput& input, const model::DeletedNode& deleted) {
  HeldMemory memory;
  const NodeRow row = row_of(deleted.node, input.table.classes, input.topology);
  memory.idle = row.idle;
  memory.deleted_at = deleted.deleted_at;
  if (const auto rack = topology::rack_of(input.topology.settings, deleted.node->labels)) memory.rack = *rack;
  // Never in our books: what such a machine can draw.
  memory.booked = memory.present = row.peak;
  if (input.previous == nullptr) return memory;
  const std::uint32_t old = input.previous->table->find(deleted.node->name);
  if (old == kNone) return memory;
  const NodeLoad& load = input.previous->views.front().nodes[old];
  memory.booked = load.booked.now();
  memory.present = load.present.now();
  const NodeRow& last = input.previous->table->nodes[old];
  if (last.rack != kNone) memory.rack = input.previous->table->racks[last.rack].name;
  return memory;
}

// Its own meter, as long as somebody still reads it: raises what it counts for, or shows that it is off.
void meter(HeldMemory& memory, const HeldInput& input, const std::string& name) {
  const auto found = input.snapshot.telemetry->nodes.find(name);
  if (found == input.snapshot.telemetry->nodes.end()) return;
  memory.meter = observe(memory.meter, &found->second, {input.settings, std::nullopt, 0}, input.now);
  const MeterQuestion question{{input.now, input.topology.stale.max_age}, input.settings};
  const Measured measured = measure(memory.meter, {}, question);
  const auto window_start = window_start_of(memory.meter, question.age);
  if (!measured.fresh || !window_start || *window_start < memory.deleted_at) return;
  memory.off = measured.power < memory.idle;
  memory.booked = std::max(memory.booked, measured.power);
  memory.present = std::max(memory.present, measured.power);
}

}  // namespace

HeldMemories step_held(const HeldInput& input, HeldMemories memories) {
  HeldMemories next;
  for (const model::DeletedNode& deleted : input.snapshot.deleted_nodes) {
    const std::string& name = deleted.node->name;
    const bool over = deleted.deleted_at + input.settings.deleted_node_hold <= input.now;
    if (over || input.table.find(name) != kNone) continue;
    const auto found = memories.find(name);
    const bool known = found != memories.end() && found->second.deleted_at == deleted.deleted_at;
    HeldMemory memory = known ? std::move(found->second) : first_memory(input, deleted);
    if (!memory.off) meter(memory, input, name);
    next.emplace(name, std::move(memory));
  }
  return next;
}

std::vector<HeldNode> held_nodes(const NodeTable& table, const HeldMemories& memories) {
  std::vector<HeldNode> held;
  for (const auto& [name, memory] : memories) {
    if (!memory.off) held.push_back({name, table.find_rack(memory.rack), memory.booked, memory.present});
  }
  return held;
}

}  // namespace headroom::scoring
