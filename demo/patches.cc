#include "demo/patches.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace headroom::demo {
namespace {

void merge_element(Json& list, std::string_view key, const Json& element) {
  const std::string name(key);
  const auto same = std::find_if(list.begin(), list.end(), [&](const Json& candidate) {
    return candidate.is_object() && candidate.value(name, Json()) == element.value(name, Json());
  });
  const bool removing = element.value("$patch", "") == "delete";
  if (removing && same != list.end()) list.erase(same);
  if (removing) return;
  if (same == list.end()) {
    list.push_back(strategic_merge(Json::object(), element));  // nulls in it mean nothing
  } else {
    *same = strategic_merge(*same, element);
  }
}

}  // namespace

std::string_view merge_key(std::string_view list_name) {
  static const std::map<std::string_view, std::string_view> keys = {
      {"conditions", "type"},     {"containers", "name"}, {"initContainers", "name"}, {"env", "name"},
      {"ownerReferences", "uid"}, {"addresses", "type"},  {"taints", "key"},          {"elements", "name"},
  };
  const auto found = keys.find(list_name);
  return found == keys.end() ? std::string_view() : found->second;
}

Json strategic_merge(const Json& target, const Json& patch) {
  if (!patch.is_object()) return patch;
  Json merged = target.is_object() ? target : Json::object();
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null()) {
      merged.erase(name);
    } else if (value.is_array() && !merge_key(name).empty()) {
      Json& list = merged[name];
      if (!list.is_array()) list = Json::array();
      for (const Json& element : value) merge_element(list, merge_key(name), element);
    } else if (!name.starts_with('$')) {
      merged[name] = strategic_merge(merged.value(name, Json()), value);
    }
  }
  return merged;
}

}  // namespace headroom::demo
