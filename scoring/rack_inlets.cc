#include "scoring/rack_inlets.h"

#include <algorithm>
#include <set>

#include "scoring/views.h"

namespace headroom::scoring {
namespace {

using model::TemperatureReading;

// The highest fresh one; a reading of unknown age may raise it. Where none is fresh: the newest.
class Highest {
 public:
  Highest(base::Seconds max_age, const RackInletsInput& input)
      : max_age_(max_age), now_(input.now), latest_(input.now + input.settings.clock_skew) {}

  void add(TemperatureReading reading) {
    if (reading.time > latest_) reading.grade = model::Grade::age_unknown;
    if (inlet_state(reading, max_age_, now_) == InletState::fresh) {
      if (!fresh_ || reading.temperature > fresh_->temperature) fresh_ = reading;
    } else if (!other_ || reading.time > other_->time) {
      other_ = reading;
    }
  }

  [[nodiscard]] std::optional<TemperatureReading> result() const {
    if (!fresh_) return other_;
    TemperatureReading highest = *fresh_;
    if (other_ && other_->grade != model::Grade::measured) {
      highest.temperature = std::max(highest.temperature, other_->temperature);
    }
    return highest;
  }

 private:
  base::Seconds max_age_;
  base::WallTime now_;
  base::WallTime latest_;
  std::optional<TemperatureReading> fresh_;
  std::optional<TemperatureReading> other_;
};

std::optional<TemperatureReading> reading_of(const RackInletsInput& input, std::uint32_t rack, base::Seconds max_age) {
  Highest highest(max_age, input);
  const RackRow& row = input.table.racks[rack];
  for (const std::uint32_t node : row.nodes) {
    const auto found = input.telemetry.nodes.find(input.table.nodes[node].node->name);
    if (found != input.telemetry.nodes.end() && found->second.inlet) highest.add(*found->second.inlet);
  }
  const auto own = input.telemetry.rack_inlets.find(row.name);
  if (own != input.telemetry.rack_inlets.end()) highest.add(own->second);
  return highest.result();
}

}  // namespace

std::vector<std::vector<base::Temperature>> inlet_limits_of(const RackInletsInput& input) {
  std::vector<std::set<base::Temperature>> sets(input.table.racks.size());
  for (std::size_t rack = 0; rack < sets.size(); ++rack) {
    const topology::RackLookup& lookup = input.table.racks[rack].lookup;
    if (lookup.standing != topology::RackStanding::in_force) continue;
    if (const auto limit = input.topology.elements[lookup.element].max_inlet) sets[rack].insert(*limit);
  }
  for (const auto& policy : input.policies.policies()) {
    for (const model::RackConstraint& constraint : policy->rack_constraints) {
      const std::uint32_t rack = input.table.find_rack(constraint.rack);
      if (rack != kNone && constraint.max_inlet) sets[rack].insert(*constraint.max_inlet);
    }
  }
  std::vector<std::vector<base::Temperature>> limits;
  for (const auto& set : sets) limits.emplace_back(set.begin(), set.end());
  return limits;
}

InletMemories step_inlets(const RackInletsInput& input, InletMemories memories) {
  InletMemories next;
  const auto limits = inlet_limits_of(input);
  for (std::uint32_t rack = 0; rack < input.table.racks.size(); ++rack) {
    const base::Seconds max_age = rule_on(input.topology, input.table, rack).max_age;
    InletMemory memory;
    if (const auto found = memories.find(input.table.racks[rack].name); found != memories.end()) {
      memory = std::move(found->second);
    }
    const InletInput step{
        .reading = reading_of(input, rack, max_age), .limits = limits[rack], .max_age = max_age, .now = input.now};
    next.emplace(input.table.racks[rack].name, step_inlet(std::move(memory), step, input.settings));
  }
  return next;
}

std::vector<RackInlet> inlets_of(const NodeTable& table, const InletMemories& memories) {
  std::vector<RackInlet> inlets(table.racks.size());
  for (std::size_t rack = 0; rack < inlets.size(); ++rack) {
    const auto found = memories.find(table.racks[rack].name);
    if (found == memories.end()) continue;
    inlets[rack].last = found->second.last;
    for (const auto& [limit, heat] : found->second.heat) inlets[rack].hot.emplace_back(limit, heat.hot);
  }
  return inlets;
}

}  // namespace headroom::scoring
