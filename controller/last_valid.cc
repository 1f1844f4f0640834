#include "controller/last_valid.h"

#include <algorithm>
#include <memory>

#include "topology/parse_topology.h"

namespace headroom::controller {
namespace {

constexpr std::size_t kRoom = std::size_t{900} * 1024;

using Source = std::shared_ptr<const model::TopologyObject>;

Source find(const std::vector<Source>& objects, const std::string& name) {
  const auto found = std::find_if(objects.begin(), objects.end(), [&](const Source& o) { return o->name == name; });
  return found == objects.end() ? nullptr : *found;
}

// The newest of the earlier versions that stand in for the object.
Source standing_in(const topology::Compiled& compiled, const std::string& name) {
  Source newest;
  for (std::size_t i = 0; i < compiled.elements.size(); ++i) {
    const Source& owner = compiled.taken_from[i];
    if (!compiled.elements[i].from_last_valid || owner->name != name) continue;
    if (!newest || owner->generation > newest->generation) newest = owner;
  }
  return newest;
}

}  // namespace

SpecPlan plan_specs(const model::ClusterSnapshot& snapshot, const topology::Compiled& compiled,
                    const StoredSpecs& stored) {
  StoredSpecs wanted;
  const auto keep_earlier = [&](const std::string& name) {
    const auto found = stored.find(name);
    if (found != stored.end()) {
      wanted.emplace(name, found->second);
    } else if (const Source source = standing_in(compiled, name)) {
      wanted.emplace(name, topology::print_topology(*source));
    }
  };
  for (const auto& report : compiled.reports) {
    const Source current = find(snapshot.topologies, report.name);
    if (current && report.problems.empty() && !report.from_last_valid) {
      wanted.emplace(report.name, topology::print_topology(*current));
    } else {
      keep_earlier(report.name);
    }
  }
  // Deleted objects of which something still stands in for an invalid component.
  for (std::size_t i = 0; i < compiled.elements.size(); ++i) {
    const std::string& name = compiled.taken_from[i]->name;
    if (compiled.elements[i].from_last_valid && wanted.count(name) == 0) keep_earlier(name);
  }
  SpecPlan plan;
  std::size_t used = 0;
  for (auto& [name, text] : wanted) {
    if (used + name.size() + text.size() > kRoom) {
      plan.left_out.push_back(name);
      continue;
    }
    used += name.size() + text.size();
    plan.specs.emplace(name, std::move(text));
  }
  return plan;
}

}  // namespace headroom::controller
