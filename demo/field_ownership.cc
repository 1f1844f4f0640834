#include "demo/field_ownership.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "demo/patches.h"

namespace headroom::demo {
namespace {

using Path = std::vector<std::string>;  // steps in FieldsV1 form
using PathSet = std::set<Path>;

// What identifies an object or is set by the server belongs to nobody.
bool is_system_field(const Path& path) {
  static const std::set<std::string> metadata = {
      "f:name", "f:namespace", "f:uid", "f:resourceVersion", "f:generation", "f:creationTimestamp", "f:managedFields"};
  if (path.size() == 1) return path[0] == "f:apiVersion" || path[0] == "f:kind";
  return path.size() == 2 && path[0] == "f:metadata" && metadata.contains(path[1]);
}

std::string element_step(std::string_view key, const Json& element) {
  return "k:" + Json({{std::string(key), element.value(std::string(key), Json())}}).dump();
}

// Calls `leaf` for every field that is one value.
void each_leaf(const Json& value, Path& path, const std::function<void(const Path&, const Json&)>& leaf) {
  const std::string list_name = path.empty() || !path.back().starts_with("f:") ? "" : path.back().substr(2);
  if (is_system_field(path)) return;
  if (value.is_object() && (!value.empty() || path.empty())) {
    for (const auto& [name, child] : value.items()) {
      path.push_back("f:" + name);
      each_leaf(child, path, leaf);
      path.pop_back();
    }
  } else if (value.is_array() && !merge_key(list_name).empty()) {
    for (const Json& element : value) {
      path.push_back(element_step(merge_key(list_name), element));
      each_leaf(element, path, leaf);
      path.pop_back();
    }
  } else {
    leaf(path, value);
  }
}

std::map<Path, Json> leaves_of(const Json& object) {
  std::map<Path, Json> leaves;
  Path path;
  if (object.is_object()) each_leaf(object, path, [&](const Path& at, const Json& value) { leaves[at] = value; });
  return leaves;
}

void collect(const Json& tree, Path& path, PathSet& paths) {
  if (tree.empty() && !path.empty()) paths.insert(path);
  for (const auto& [step, child] : tree.items()) {
    path.push_back(step);
    collect(child, path, paths);
    path.pop_back();
  }
}

struct Manager {
  std::string name;
  std::string operation;
  std::string subresource;
  PathSet paths;
};

std::vector<Manager> managers_of(const Json& object) {
  std::vector<Manager> managers;
  if (!object.is_object()) return managers;
  for (const Json& entry : object.value("/metadata/managedFields"_json_pointer, Json::array())) {
    Manager manager{entry.value("manager", ""), entry.value("operation", ""), entry.value("subresource", ""), {}};
    Path path;
    collect(entry.value("fieldsV1", Json::object()), path, manager.paths);
    managers.push_back(std::move(manager));
  }
  return managers;
}

void store_managers(Json& object, const std::vector<Manager>& managers) {
  Json entries = Json::array();
  for (const Manager& manager : managers) {
    if (manager.paths.empty()) continue;
    Json tree = Json::object();
    for (const Path& path : manager.paths) {
      Json* at = &tree;
      for (const std::string& step : path) {
        if (!at->contains(step)) (*at)[step] = Json::object();
        at = &(*at)[step];
      }
    }
    entries.push_back({{"manager", manager.name},
                       {"operation", manager.operation},
                       {"apiVersion", object.value("apiVersion", "")},
                       {"fieldsType", "FieldsV1"},
                       {"fieldsV1", tree}});
    if (!manager.subresource.empty()) entries.back()["subresource"] = manager.subresource;
  }
  object["metadata"]["managedFields"] = entries;
}

Manager& manager_entry(std::vector<Manager>& managers, const std::string& operation, const ApplyRequest& request) {
  const auto found = std::find_if(managers.begin(), managers.end(), [&](const Manager& manager) {
    return manager.name == request.manager && manager.operation == operation &&
           manager.subresource == request.subresource;
  });
  if (found != managers.end()) return *found;
  managers.push_back({request.manager, operation, request.subresource, {}});
  return managers.back();
}

std::string readable(const Path& path) {
  std::string text;
  for (const std::string& step : path) {
    if (step.starts_with("k:")) {
      text += "[" + step.substr(3, step.size() - 4) + "]";
    } else {
      text += "." + step.substr(2);
    }
  }
  return text;
}

// Removes the value at `path`, and what becomes empty above it.
void remove_at(Json& value, const Path& path, std::size_t depth) {
  if (depth == path.size()) return;
  const std::string& step = path[depth];
  const bool last = depth + 1 == path.size();
  if (step.starts_with("f:") && value.is_object()) {
    const auto child = value.find(step.substr(2));
    if (child == value.end()) return;
    if (!last) remove_at(*child, path, depth + 1);
    if (last || child->empty()) value.erase(child);
  } else if (step.starts_with("k:") && value.is_array()) {
    const Json key = Json::parse(step.substr(2));
    const auto child = std::find_if(value.begin(), value.end(), [&](const Json& element) {
      return element.value(key.begin().key(), Json()) == key.begin().value();
    });
    if (child == value.end()) return;
    if (!last) remove_at(*child, path, depth + 1);
    // An element of which only the key would be left goes too.
    if (last || child->size() <= 1) value.erase(child);
  }
}

// Merges like a strategic patch in which null is a value like any other that is never applied.
Json merged(const Json& live, const Json& applied) {
  return strategic_merge(live, applied);
}

}  // namespace

std::variant<Json, ApplyConflicts> apply_fields(const Json& live, const Json& applied, const ApplyRequest& request) {
  const auto wanted = leaves_of(applied);
  const auto present = leaves_of(live);
  std::vector<Manager> managers = managers_of(live);
  ApplyConflicts conflicts;
  for (Manager& other : managers) {
    if (other.name == request.manager && other.operation == "Apply") continue;
    for (const auto& [path, value] : wanted) {
      const auto current = present.find(path);
      if (!other.paths.contains(path) || (current != present.end() && current->second == value)) continue;
      if (request.force) {
        other.paths.erase(path);
      } else {
        conflicts.emplace_back(other.name, readable(path));
      }
    }
  }
  if (!conflicts.empty()) return conflicts;

  Json result = merged(live, applied);
  Manager& own = manager_entry(managers, "Apply", request);
  const PathSet before = own.paths;
  own.paths.clear();
  for (const auto& [path, value] : wanted) own.paths.insert(path);
  for (const Path& path : before) {
    const bool kept =
        std::any_of(managers.begin(), managers.end(), [&](const Manager& m) { return m.paths.contains(path); });
    if (!kept) remove_at(result, path, 0);
  }
  store_managers(result, managers);
  return result;
}

void note_update(const Json& before, Json& after, const ApplyRequest& writer) {
  const auto old_leaves = leaves_of(before);
  const auto new_leaves = leaves_of(after);
  std::vector<Manager> managers = managers_of(before);
  PathSet changed;
  for (const auto& [path, value] : new_leaves) {
    const auto old = old_leaves.find(path);
    if (old == old_leaves.end() || old->second != value) changed.insert(path);
  }
  for (Manager& manager : managers) {
    std::erase_if(manager.paths,
                  [&](const Path& path) { return changed.contains(path) || !new_leaves.contains(path); });
  }
  if (!changed.empty()) manager_entry(managers, "Update", writer).paths.merge(changed);
  store_managers(after, managers);
}

}  // namespace headroom::demo
