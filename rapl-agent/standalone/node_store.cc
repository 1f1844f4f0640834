#include "rapl-agent/standalone/node_store.h"

#include <nlohmann/json.hpp>

#include "kube/resource.h"

namespace headroom::rapl_agent::standalone {
namespace {

using nlohmann::json;

constexpr int kConflicts = 5;

std::map<std::string, std::string, std::less<>> texts_in(const json& metadata, const char* name) {
  std::map<std::string, std::string, std::less<>> texts;
  const auto found = metadata.find(name);
  if (found == metadata.end() || !found->is_object()) return texts;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) texts.emplace(key, value.get<std::string>());
  }
  return texts;
}

base::Result<json> node_in(const std::string& body) {
  auto node = json::parse(body, nullptr, false);
  if (!node.is_object() || !node.contains("metadata") || !node["metadata"].is_object())
    return base::unsupported("the API server's answer is no Node");
  return node;
}

void merge(json& object, const char* name, const std::map<std::string, std::string, std::less<>>& texts) {
  auto& target = object[name];
  if (!target.is_object()) target = json::object();
  for (const auto& [key, value] : texts) target[key] = value;
}

}  // namespace

base::Result<NodeView> NodeStore::read() {
  const auto body = client_.get(kube::resources::nodes().object_path(node_));
  if (!body) return body.error();
  const auto node = node_in(*body);
  if (!node) return node.error();
  NodeView view;
  view.marks.labels = texts_in((*node)["metadata"], "labels");
  view.marks.annotations = texts_in((*node)["metadata"], "annotations");
  const auto boot = node->value(json::json_pointer("/status/nodeInfo/bootID"), json());
  if (boot.is_string()) view.boot_id = boot.get<std::string>();
  return view;
}

base::Status NodeStore::write(const NodeMarks& marks) {
  if (may_patch_) {
    auto patched = patch(marks);
    if (patched || patched.error().kind != base::ErrorKind::denied) return patched;
    may_patch_ = false;
  }
  return update(marks);
}

base::Status NodeStore::patch(const NodeMarks& marks) {
  const json body = {{"metadata", {{"labels", marks.labels}, {"annotations", marks.annotations}}}};
  kube::PatchRequest request;
  request.path = kube::resources::nodes().object_path(node_);
  request.body = body.dump();
  const auto patched = client_.patch(request);
  if (!patched) return patched.error();
  return base::ok_status();
}

base::Status NodeStore::update(const NodeMarks& marks) {
  const auto path = kube::resources::nodes().object_path(node_);
  for (int attempt = 0;; ++attempt) {
    const auto body = client_.get(path);
    if (!body) return body.error();
    auto node = node_in(*body);
    if (!node) return node.error();
    merge((*node)["metadata"], "labels", marks.labels);
    merge((*node)["metadata"], "annotations", marks.annotations);
    // It carries the resource version that was read, so nobody's change is lost.
    const auto updated = client_.put(path, node->dump());
    if (updated) return base::ok_status();
    if (updated.error().kind != base::ErrorKind::conflict || attempt == kConflicts) return updated.error();
  }
}

}  // namespace headroom::rapl_agent::standalone
