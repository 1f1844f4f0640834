// One request to the API, taken apart. Used by the sources of ApiObjects only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "demo/api_objects.h"
#include "demo/api_resources.h"
#include "demo/object_store.h"
#include "runtime/http_message.h"

namespace headroom::demo {

struct ApiObjects::Call {
  const ResourceType& type;
  const ApiPath& path;
  const runtime::HttpRequest& request;
  Json body;

  [[nodiscard]] ObjectKey key(const std::string& name) const { return {type.id(), path.ns, name}; }
  [[nodiscard]] std::string query(const std::string& name) const {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  }
  [[nodiscard]] std::string content_type() const {
    const auto found = request.headers.find("Content-Type");
    return found == request.headers.end() ? std::string() : found->second.substr(0, found->second.find(';'));
  }
  // Who writes, for managedFields: the parameter, else the program's name from its User-Agent.
  [[nodiscard]] std::string manager() const {
    if (auto named = query("fieldManager"); !named.empty()) return named;
    const auto agent = request.headers.find("User-Agent");
    return agent == request.headers.end() ? "unknown" : agent->second.substr(0, agent->second.find('/'));
  }
};

// A text at object.metadata.<name>; empty where there is none.
[[nodiscard]] inline std::string meta_text(const Json& object, const std::string& name) {
  const auto metadata = object.is_object() ? object.find("metadata") : object.end();
  if (!object.is_object() || metadata == object.end() || !metadata->is_object()) return {};
  const auto found = metadata->find(name);
  return found == metadata->end() || !found->is_string() ? std::string() : found->get<std::string>();
}

// Random, in the form of a version 4 UUID.
[[nodiscard]] std::string new_uid();

}  // namespace headroom::demo
