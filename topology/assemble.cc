#include "topology/assemble.h"

#include <algorithm>
#include <set>

namespace headroom::topology {
namespace {

using NameSet = std::set<std::string_view>;

// Children before what feeds them; among those that are free, by name, so that the order of objects plays no part.
std::vector<std::string_view> bottom_up(const InForceByName& in_force) {
  std::map<std::string_view, std::size_t> waiting_for;  // children not placed yet
  for (const auto& [name, entry] : in_force) {
    waiting_for.emplace(name, 0);
  }
  for (const auto& [name, entry] : in_force) {
    for (const auto& feed : entry.spec().fed_by) {
      const auto parent = waiting_for.find(feed.name);
      if (parent != waiting_for.end()) ++parent->second;
    }
  }
  NameSet free;
  for (const auto& [name, count] : waiting_for) {
    if (count == 0) free.insert(name);
  }
  std::vector<std::string_view> order;
  while (!free.empty()) {
    const std::string_view name = *free.begin();
    free.erase(free.begin());
    order.push_back(name);
    for (const auto& feed : in_force.find(name)->second.spec().fed_by) {
      const auto parent = waiting_for.find(feed.name);
      if (parent != waiting_for.end() && --parent->second == 0) free.insert(parent->first);
    }
  }
  return order;
}

Element element_of(const InForce& entry) {
  const model::PowerElement& spec = entry.spec();
  const model::TopologyObject& object = *entry.owner;
  const bool is_rack = spec.type == model::ElementType::rack;
  Element element;
  element.name = spec.name;
  element.type = spec.type;
  element.rated = spec.rated;
  element.limit = base::scaled_down(spec.rated, base::percent(spec.continuous_percent));
  element.base_load = spec.base_load;
  element.emergency = base::scaled_down(spec.rated, base::percent(spec.emergency_percent));
  element.capping = object.capping;
  element.capping_threshold = base::percent(object.capping_threshold_percent);
  element.mode = object.mode;
  if (is_rack) element.max_inlet = spec.max_inlet;
  element.stale = {object.on_stale, object.max_telemetry_age};
  element.metered = !spec.meter_query.empty() || (is_rack && !object.rack_meter_query.empty());
  element.has_inlet_query = is_rack && (!spec.inlet_query.empty() || !object.rack_inlet_query.empty());
  element.from_last_valid = entry.from_last_valid;
  element.object = object.name;
  return element;
}

// Feeds have larger indices than what they feed, so one forward pass over a rack's ancestors multiplies along every
// way.
std::vector<ElementShare> path_of(const std::vector<Element>& elements, ElementIndex rack) {
  std::map<ElementIndex, base::Share> carried{{rack, base::percent(100)}};
  for (auto at = carried.begin(); at != carried.end(); ++at) {
    for (const auto& feed : elements[at->first].feeds) carried[feed.element] += at->second * feed.share;
  }
  std::vector<ElementShare> path;
  path.reserve(carried.size());
  for (const auto& [element, share] : carried) path.push_back({element, share});
  return path;
}

}  // namespace

void assemble(const InForceByName& in_force, Compiled& compiled) {
  for (const auto name : bottom_up(in_force)) {
    const InForce& entry = in_force.find(name)->second;
    compiled.by_name.emplace(name, static_cast<ElementIndex>(compiled.elements.size()));
    compiled.elements.push_back(element_of(entry));
    compiled.taken_from.push_back(entry.owner);
  }
  for (ElementIndex i = 0; i < compiled.elements.size(); ++i) {
    const model::PowerElement& spec = in_force.find(compiled.elements[i].name)->second.spec();
    for (const auto& feed : spec.fed_by) {
      const auto parent = compiled.by_name.find(feed.name);
      if (parent == compiled.by_name.end()) continue;
      const base::Share share = base::percent(feed.share_percent);
      compiled.elements[i].feeds.push_back({parent->second, share});
      compiled.elements[parent->second].children.push_back({i, share});
    }
  }
  for (ElementIndex i = 0; i < compiled.elements.size(); ++i) {
    if (compiled.elements[i].type == model::ElementType::rack)
      compiled.elements[i].path = path_of(compiled.elements, i);
  }
}

}  // namespace headroom::topology
