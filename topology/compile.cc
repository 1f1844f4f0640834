#include "topology/compile.h"

#include <algorithm>
#include <set>

#include "base/names.h"
#include "topology/assemble.h"
#include "topology/validate.h"
#include "topology/words.h"

namespace headroom::topology {
namespace {

using NameSet = std::set<std::string, std::less<>>;

Source find_object(const std::vector<Source>& objects, std::string_view name) {
  const auto found =
      std::find_if(objects.begin(), objects.end(), [&](const Source& object) { return object->name == name; });
  return found == objects.end() ? nullptr : *found;
}

std::vector<Source> sorted_by_name(std::vector<Source> objects) {
  std::sort(objects.begin(), objects.end(), [](const Source& a, const Source& b) { return a->name < b->name; });
  return objects;
}

// Groups of element names that hang together in an earlier version.
std::vector<NameSet> groups_of(const std::vector<Element>& elements) {
  std::vector<NameSet> groups;
  std::vector<bool> seen(elements.size(), false);
  for (ElementIndex start = 0; start < elements.size(); ++start) {
    if (seen[start]) continue;
    NameSet group;
    std::vector<ElementIndex> open{start};
    seen[start] = true;
    const auto visit = [&](const std::vector<ElementShare>& neighbours) {
      for (const auto& neighbour : neighbours) {
        if (seen[neighbour.element]) continue;
        seen[neighbour.element] = true;
        open.push_back(neighbour.element);
      }
    };
    while (!open.empty()) {
      const Element& element = elements[open.back()];
      open.pop_back();
      group.insert(element.name);
      visit(element.children);
      visit(element.feeds);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

bool intersects(const NameSet& a, const NameSet& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& name) { return b.count(name) != 0; });
}

InForce earlier(const Compiled& version, std::string_view name) {
  const ElementIndex index = version.by_name.find(name)->second;
  const Source& owner = version.taken_from[index];
  const auto found = std::find_if(owner->elements.begin(), owner->elements.end(),
                                  [&](const model::PowerElement& element) { return element.name == name; });
  return {owner, static_cast<std::uint32_t>(found - owner->elements.begin()), true};
}

class Compiler {
 public:
  explicit Compiler(const CompileInput& input) : input_(input) {}

  Compiled run() {
    compiled_.any_object = !input_.objects.empty() || !input_.unreadable.empty();
    choose_readable();
    if (!input_.last_valid.empty()) stored_ = compile({input_.last_valid, {}, {}, nullptr});
    validation_ = validate(compiled_.readable, reference());
    compiled_.settings = validation_.settings;
    take_valid();
    for (const auto& names : invalid_components()) fall_back(names);
    assemble(in_force_, compiled_);
    refuse_uncovered();
    collect_site_wide();
    report();
    return std::move(compiled_);
  }

 private:
  // An unreadable object counts as its newest readable version.
  void choose_readable() {
    compiled_.readable = input_.objects;
    for (const auto& object : input_.unreadable) {
      Source known = input_.previous == nullptr ? nullptr : find_object(input_.previous->readable, object.name);
      if (!known) known = find_object(input_.last_valid, object.name);
      if (known) {
        compiled_.readable.push_back(known);
      } else {
        compiled_.refuse_unnamed_racks = true;
      }
    }
    compiled_.readable = sorted_by_name(std::move(compiled_.readable));
  }

  [[nodiscard]] bool unreadable(std::string_view object) const {
    return std::any_of(input_.unreadable.begin(), input_.unreadable.end(),
                       [&](const model::UnreadableObject& candidate) { return candidate.name == object; });
  }

  [[nodiscard]] std::optional<Settings> reference() const {
    if (input_.previous != nullptr && input_.previous->any_object) return input_.previous->settings;
    if (stored_ && !stored_->elements.empty()) return stored_->settings;
    return std::nullopt;
  }

  void take_valid() {
    for (const auto& [name, place] : validation_.places) {
      if (!validation_.component_valid[validation_.component.at(name)]) continue;
      const Source& owner = compiled_.readable[place.object];
      in_force_.emplace(name, InForce{owner, place.element, unreadable(owner->name)});
    }
  }

  [[nodiscard]] std::vector<NameSet> invalid_components() const {
    std::map<std::uint32_t, NameSet> names;
    for (const auto& [name, component] : validation_.component) {
      if (!validation_.component_valid[component]) names[component].insert(name);
    }
    std::vector<NameSet> all;
    for (auto& [component, set] : names) all.push_back(std::move(set));
    return all;
  }

  // What was in force wins over what is stored. Names that a valid component holds now have moved there for good.
  void fall_back(const NameSet& names) {
    if (input_.previous != nullptr && take_groups(*input_.previous, names)) return;
    if (stored_) take_groups(*stored_, names);
  }

  bool take_groups(const Compiled& version, const NameSet& names) {
    bool taken = false;
    for (const auto& group : groups_of(version.elements)) {
      if (!intersects(group, names)) continue;
      // Another invalid component already brought an earlier version of some of these names: mixing two versions could
      // close a cycle.
      const bool mixed = std::any_of(group.begin(), group.end(), [&](const std::string& name) {
        const auto found = fallback_of_.find(name);
        return found != fallback_of_.end() && found->second != &version;
      });
      if (mixed) continue;
      for (const auto& name : group) {
        if (in_force_.emplace(name, earlier(version, name)).second) fallback_of_.emplace(name, &version);
      }
      taken = true;
    }
    return taken;
  }

  void refuse_uncovered() {
    for (const auto& object : compiled_.readable) {
      for (const auto& element : object->elements) {
        if (element.type != model::ElementType::rack || compiled_.by_name.count(element.name) != 0) continue;
        auto& mode = compiled_.refused_racks.emplace(element.name, object->mode).first->second;
        if (object->mode == model::EnforcementMode::enforce) mode = model::EnforcementMode::enforce;
      }
    }
  }

  void collect_site_wide() {
    NameSet trusted;
    if (compiled_.refuse_unnamed_racks) compiled_.outside_mode = model::EnforcementMode::enforce;
    for (std::size_t i = 0; i < compiled_.readable.size(); ++i) {
      const auto& object = *compiled_.readable[i];
      const StaleRule rule{object.on_stale, object.max_telemetry_age};
      compiled_.stale = i == 0 ? rule : tightened(compiled_.stale, rule);
      if (object.mode == model::EnforcementMode::enforce) compiled_.outside_mode = model::EnforcementMode::enforce;
      compiled_.node_classes.insert(compiled_.node_classes.end(), object.node_classes.begin(),
                                    object.node_classes.end());
      compiled_.policy_node_caps =
          i == 0 ? object.policy_node_caps : std::min(compiled_.policy_node_caps, object.policy_node_caps);
      trusted.insert(object.trusted_namespaces.begin(), object.trusted_namespaces.end());
    }
    compiled_.trusted_namespaces.assign(trusted.begin(), trusted.end());
  }

  void report() {
    for (std::size_t i = 0; i < compiled_.readable.size(); ++i) {
      const auto& object = *compiled_.readable[i];
      if (unreadable(object.name)) continue;
      ObjectReport entry{object.name, object.generation, validation_.problems[i], object.not_evaluated, false, false};
      for (const auto& element : object.elements) {
        const auto found = in_force_.find(element.name);
        if (found != in_force_.end() && found->second.from_last_valid) entry.from_last_valid = true;
        if (compiled_.refused_racks.count(element.name) != 0) entry.refused = true;
      }
      compiled_.reports.push_back(std::move(entry));
    }
    for (const auto& object : input_.unreadable) {
      const bool known = find_object(compiled_.readable, object.name) != nullptr;
      compiled_.reports.push_back({object.name, 0, {object.error}, {}, known, !known});
    }
    std::sort(compiled_.reports.begin(), compiled_.reports.end(),
              [](const ObjectReport& a, const ObjectReport& b) { return a.name < b.name; });
  }

  const CompileInput& input_;
  Compiled compiled_;
  std::optional<Compiled> stored_;
  Validation validation_;
  InForceByName in_force_;
  std::map<std::string, const Compiled*, std::less<>> fallback_of_;
};

}  // namespace

CompileInput compile_input(const model::ClusterSnapshot& snapshot, const Compiled* previous) {
  return {snapshot.topologies, snapshot.unreadable_topologies, snapshot.last_valid_topologies, previous};
}

Compiled compile(const CompileInput& input) {
  return Compiler(input).run();
}

RackLookup find_rack(const Compiled& compiled, std::string_view rack) {
  const auto named = compiled.by_name.find(rack);
  if (named != compiled.by_name.end() && compiled.elements[named->second].type == model::ElementType::rack) {
    return {RackStanding::in_force, named->second, compiled.elements[named->second].mode};
  }
  const auto refused = compiled.refused_racks.find(rack);
  if (refused != compiled.refused_racks.end()) return {RackStanding::invalid, 0, refused->second};
  if (compiled.refuse_unnamed_racks) return {RackStanding::invalid, 0, model::EnforcementMode::enforce};
  return {RackStanding::outside, 0, compiled.outside_mode};
}

std::optional<std::string_view> rack_of(const Settings& settings, const model::Labels& node_labels) {
  const auto found = node_labels.find(settings.rack_label);
  if (found == node_labels.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

const model::NodeClass* node_class_of(const Compiled& compiled, const model::Labels& node_labels) {
  const auto found = std::find_if(compiled.node_classes.begin(), compiled.node_classes.end(),
                                  [&](const model::NodeClass& c) { return model::matches(c.selector, node_labels); });
  return found == compiled.node_classes.end() ? nullptr : &*found;
}

std::string_view to_string(model::ElementType type) {
  return word_of(kElementTypes, type);
}

}  // namespace headroom::topology
