// Small rooms for tests of allocate(): limits, nodes and their NodePowerCaps, and agents that acknowledge what they are
// told, at once or when a test says so.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/allocate.h"

namespace headroom::policy::test {

inline CapLimit limit(std::string name, std::int64_t watts) {
  CapLimit made;
  made.name = std::move(name);
  made.capacity = base::watts(watts);
  made.full = base::watts(watts);
  return made;
}

// A machine of 100 W idle and at most 1000 W.
inline CapNode node(std::string name, std::int64_t draws, std::vector<LimitShare> limits = {{0, base::percent(100)}}) {
  CapNode made;
  made.name = std::move(name);
  made.boot_id = "boot-1";
  made.idle = base::watts(100);
  made.class_max = base::watts(1000);
  made.class_max_known = true;
  made.limits = std::move(limits);
  made.measured = base::watts(draws);
  made.expected = base::watts(draws);
  made.reserve = base::watts(60);
  made.opted_in = true;
  return made;
}

// In force on the node: ordered and acknowledged by an agent of the first leader.
inline std::shared_ptr<const model::NodePowerCap> in_force(const std::string& name, std::int64_t budget) {
  model::NodePowerCap cap;
  cap.name = name;
  cap.uid = "uid-" + name;
  cap.spec.stamp = {1, 1};
  cap.spec.budget = base::watts(budget);
  cap.spec.reserve = base::watts(60);
  cap.status.state = model::CapState::active;
  cap.status.boot_id = "boot-1";
  cap.status.applied = base::watts(budget);
  cap.status.min = base::watts(150);
  cap.status.max = base::watts(1000);
  cap.status.observed = model::ObservedCap{cap.uid, cap.spec.stamp};
  return std::make_shared<const model::NodePowerCap>(cap);
}
inline CapNode held(std::string name, std::int64_t draws, std::int64_t budget) {
  CapNode made = node(std::move(name), draws);
  made.cap = in_force(made.name, budget);
  return made;
}

template <class Change>
void change_cap(CapNode& node, Change change) {
  model::NodePowerCap cap = node.cap == nullptr ? model::NodePowerCap{} : *node.cap;
  change(cap);
  node.cap = std::make_shared<const model::NodePowerCap>(std::move(cap));
}

// One rack of 2000 W.
inline AllocateInput room(std::vector<CapNode> nodes, std::int64_t watts = 2000) {
  AllocateInput input;
  input.now = {base::MonoTime(base::Seconds(1000)), base::WallTime(base::Seconds(50'000))};
  input.limits = {limit("rack", watts)};
  for (const CapNode& one : nodes) input.limits[0].load += one.measured.value_or(one.expected);
  input.nodes = std::move(nodes);
  return input;
}

// All but those that only bring fallbacks along: orders that tests put into force have none.
inline std::vector<CapWrite> orders(const Allocation& allocation) {
  std::vector<CapWrite> all = allocation.writes;
  std::erase_if(all, [](const CapWrite& write) { return write.cause == WriteCause::fallback; });
  return all;
}
inline const CapWrite* write_for(const Allocation& allocation, std::uint32_t node) {
  for (const CapWrite& write : allocation.writes) {
    if (write.node == node && write.cause != WriteCause::fallback) return &write;
  }
  return nullptr;
}

// The API server takes every write; agents have not seen it yet.
inline void store(AllocateInput& input, const CapWrite& write) {
  CapNode& node = input.nodes[write.node];
  change_cap(node, [&](model::NodePowerCap& cap) {
    const model::CapStamp before = cap.spec.stamp;
    cap.name = node.name;
    if (cap.uid.empty()) cap.uid = "uid-" + node.name;
    cap.spec = write.spec;
    cap.spec.stamp = {input.settings.epoch, before.epoch == input.settings.epoch ? before.sequence + 1 : 1};
  });
}
// The agent puts the newest order into force.
inline void acknowledge(CapNode& node, std::int64_t floor = 150) {
  change_cap(node, [&](model::NodePowerCap& cap) {
    const base::Power wanted = cap.spec.release ? node.class_max : cap.spec.budget.value_or(node.class_max);
    cap.status.state = cap.spec.release ? model::CapState::releasing : model::CapState::active;
    cap.status.boot_id = node.boot_id;
    cap.status.min = base::watts(floor);
    cap.status.max = node.class_max;
    cap.status.applied = std::max(wanted, base::watts(floor));
    cap.status.observed = model::ObservedCap{cap.uid, cap.spec.stamp};
  });
}

}  // namespace headroom::policy::test
