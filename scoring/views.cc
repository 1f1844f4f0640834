#include "scoring/views.h"

#include <algorithm>
#include <set>

namespace headroom::scoring {
namespace {

using base::Power;

constexpr std::size_t kMostAges = 6;

// At most kMostAges of them, always the shortest among them: a pod whose own age is left out gets the next shorter.
std::vector<base::Seconds> thinned(const std::set<base::Seconds>& ages) {
  std::vector<base::Seconds> all(ages.begin(), ages.end());
  if (all.size() <= kMostAges) return all;
  std::vector<base::Seconds> kept;
  for (std::size_t i = 0; i < kMostAges; ++i) kept.push_back(all[i * (all.size() - 1) / (kMostAges - 1)]);
  return kept;
}

PodSums sums_on(const ViewInput& input, std::uint32_t node, std::optional<base::WallTime> window_start) {
  PodSums sums;
  for (std::uint32_t i = input.pods.begin[node]; i < input.pods.begin[node + 1]; ++i) {
    const PodFact& fact = input.facts.pods[input.pods.order[i]];
    if (window_start && *window_start > fact.ready) {
      sums.covered += fact.estimate.power;
      sums.covered_cpu += fact.estimate.cpu;
      sums.covered_gpu += fact.estimate.devices;
    } else {
      sums.uncovered += fact.estimate.power;
    }
  }
  return sums;
}

NodeLoad node_load(const ViewInput& input, std::uint32_t node, const topology::StaleRule& rule) {
  const NodeRow& row = input.table.nodes[node];
  const MeterAge age{input.now, rule.max_age};
  const NodeMeter& meter = input.meters[node];
  const PodSums sums = sums_on(input, node, window_start_of(meter, age));
  const Uncovered uncovered{.overhead = input.table.classes[row.node_class].overhead,
                            .idle = row.idle,
                            .cpu = sums.covered_cpu,
                            .devices = sums.covered_gpu};
  NodeLoad load = load_of(measure(meter, uncovered, {age, input.settings}), sums, {row.idle, row.max}, rule.on_stale);
  return input.caps[node] == nullptr ? load : with_cap(load, row, *input.caps[node]);
}

struct RackSum {
  Power booked;
  Power present;
  Power measured;
  bool all_fresh = true;
};

RackSum rack_sum(const View& view, const ViewInput& input, std::uint32_t rack) {
  RackSum sum;
  for (const std::uint32_t node : input.table.racks[rack].nodes) {
    const NodeLoad& load = view.nodes[node];
    sum.booked += load.booked.now();
    sum.present += load.present.now();
    sum.measured += load.measured;
    sum.all_fresh = sum.all_fresh && load.telemetry == TelemetryState::fresh;
  }
  for (const HeldNode& held : input.held) {
    if (held.rack != rack) continue;
    sum.booked += held.booked;
    sum.present += held.present;
    sum.all_fresh = false;
  }
  return sum;
}

// One element's meter against what is known below it.
UnmanagedLoad weigh(const topology::Element& element, const RackSum& below, ElementMemory& memory, base::WallTime now) {
  UnmanagedLoad load;
  load.unmanaged = element.base_load;
  if (element.metered) {
    const ScopeMeter& meter = memory.meter;
    const bool recent = meter.delivered && meter.window_end + element.stale.max_age >= now;
    const Power excess = meter.smoothed - below.measured;
    if (recent && meter.whole && below.all_fresh) memory.unmanaged = std::max(element.base_load, excess);
    load.unmanaged = std::max(load.unmanaged, memory.unmanaged);
    // A reading of unknown age may raise for as long as it is there; it leaves no trace.
    if (recent && !meter.whole && below.all_fresh) load.unmanaged = std::max(load.unmanaged, excess);
    if (recent) load.at_least = meter.smoothed;
  }
  load.measured = load.unmanaged + below.measured;
  return load;
}

const model::PowerReading* reading_of(const model::TelemetrySnapshot& telemetry, const topology::Element& element) {
  if (!element.metered) return nullptr;
  const auto found = telemetry.element_meters.find(element.name);
  return found == telemetry.element_meters.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<Tightening> tightenings_of(const policy::PolicyIndex& policies) {
  std::set<model::StaleTelemetry> rules;
  std::set<base::Seconds> ages;
  for (const auto& policy : policies.policies()) {
    if (policy->mode != model::EnforcementMode::enforce) continue;
    // FailOpen is the weakest rule: it tightens nothing.
    if (policy->on_stale && *policy->on_stale != model::StaleTelemetry::fail_open) rules.insert(*policy->on_stale);
    if (policy->max_telemetry_age) ages.insert(*policy->max_telemetry_age);
  }
  // A pod of several policies takes the strictest rule of one and the shortest age of another: all pairs.
  std::vector<Tightening> all{{}};
  const std::vector<base::Seconds> kept = thinned(ages);
  for (const base::Seconds age : kept) all.push_back({std::nullopt, age});
  for (const model::StaleTelemetry rule : rules) {
    all.push_back({rule, std::nullopt});
    for (const base::Seconds age : kept) all.push_back({rule, age});
  }
  return all;
}

topology::StaleRule rule_on(const topology::Compiled& topology, const NodeTable& table, std::uint32_t rack) {
  if (rack == kNone) return topology.stale;
  const topology::RackLookup& lookup = table.racks[rack].lookup;
  return lookup.standing == topology::RackStanding::in_force ? topology.elements[lookup.element].stale : topology.stale;
}

View make_view(const ViewInput& input, const Tightening& tightening) {
  View view;
  view.on_stale = tightening.on_stale;
  view.max_age = tightening.max_age;
  view.nodes.reserve(input.table.nodes.size());
  for (std::uint32_t node = 0; node < input.table.nodes.size(); ++node) {
    const topology::StaleRule rule = rule_on(input.topology, input.table, input.table.nodes[node].rack);
    view.nodes.push_back(node_load(input, node, topology::tightened(rule, tightening.on_stale, tightening.max_age)));
  }
  return view;
}

UnmanagedStep step_unmanaged(const UnmanagedInput& input, ElementMemories memories) {
  const ViewInput& known = input.view_input;
  const MeterRules rules{.settings = known.settings, .max = std::nullopt, .devices = 0};
  UnmanagedStep step;
  std::vector<bool> all_fresh;
  for (const topology::Element& element : known.topology.elements) {
    RackSum below;
    if (element.type == model::ElementType::rack) {
      below = rack_sum(input.view, known, known.table.find_rack(element.name));
    }
    for (const topology::ElementShare& child : element.children) {
      below.measured += base::scaled_up(step.loads[child.element].measured, child.share);
      below.all_fresh = below.all_fresh && all_fresh[child.element];
    }
    ElementMemory memory;
    if (const auto found = memories.find(element.name); found != memories.end() && element.metered)
      memory = found->second;
    memory.meter = observe_scope(memory.meter, reading_of(input.telemetry, element), rules, {known.now, input.elapsed});
    step.loads.push_back(weigh(element, below, memory, known.now));
    all_fresh.push_back(below.all_fresh);
    if (element.metered) step.memories.emplace(element.name, memory);
  }
  return step;
}

void sum_upwards(View& view, const ViewInput& input, const std::vector<UnmanagedLoad>& unmanaged) {
  view.racks.resize(input.table.racks.size());
  for (std::uint32_t rack = 0; rack < view.racks.size(); ++rack) {
    const RackSum sum = rack_sum(view, input, rack);
    view.racks[rack].booked = sum.booked;
    view.racks[rack].present = sum.present;
  }
  const topology::Compiled& topology = input.topology;
  view.elements.resize(topology.elements.size());
  for (std::size_t i = 0; i < topology.elements.size(); ++i) {
    const topology::Element& element = topology.elements[i];
    ElementLoad& load = view.elements[i];
    load.unmanaged = unmanaged[i].unmanaged;
    load.measured = unmanaged[i].measured;
    RackLoad* rack = nullptr;
    if (element.type == model::ElementType::rack) rack = &view.racks[input.table.find_rack(element.name)];
    load.booked = load.unmanaged + (rack != nullptr ? rack->booked : Power());
    load.present = load.unmanaged + (rack != nullptr ? rack->present : Power());
    for (const topology::ElementShare& child : element.children) {
      load.booked += base::scaled_up(view.elements[child.element].booked, child.share);
      load.present += base::scaled_up(view.elements[child.element].present, child.share);
    }
    load.booked = std::max(load.booked, unmanaged[i].at_least);
    load.present = std::max(load.present, unmanaged[i].at_least);
    if (rack != nullptr) {
      rack->booked = load.booked;
      rack->present = load.present;
    }
  }
}

}  // namespace headroom::scoring
