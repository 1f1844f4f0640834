#include "controller/last_valid.h"

#include <algorithm>
#include <memory>

#include "topology/parse_topology.h"

namespace headroom::controller {
namespace {

constexpr std::size_t kRoom = 900 * 1024;

using Source = std::shared_ptr<const model::TopologyObject>;

Source find(const std::vector<Source>& objects, const std::string& name) {
  const auto found = std::find_if(objects.begin(), objects.end(), [&](const Source& o) { return o->name == name; });
  return found == objects.end() ? nullptr : *found;
}

// The newest earlier version of the object that something in force was taken from.
Source in_force(const topology::Compiled& compiled, const std::string& name) {
  Source newest;
  for (const auto& owner : compiled.taken_from) {
    if (owner->name == name && (!newest || owner->generation > newest->generation)) newest = owner;
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
    } else if (const Source source = in_force(compiled, name)) {
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
  for (const auto& owner : compiled.taken_from) {
    if (wanted.count(owner->name) == 0) keep_earlier(owner->name);
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
