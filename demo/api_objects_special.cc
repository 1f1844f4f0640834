// Apply, delete and bind: the verbs with rules of their own.
#include <nlohmann/json.hpp>

#include "demo/api_call.h"
#include "demo/api_objects.h"
#include "demo/field_ownership.h"

namespace headroom::demo {
namespace {

Failure ownership_conflict(const ApplyConflicts& conflicts) {
  Failure failure{409, "Conflict", "Apply failed with " + std::to_string(conflicts.size()) + " conflict(s):", {}};
  for (const auto& [manager, field] : conflicts) {
    std::string conflict = "conflict with \"";
    conflict.append(manager).append("\"");
    failure.message.append(" ").append(conflict).append(": ").append(field);
    failure.causes.emplace_back(field, std::move(conflict));
  }
  return failure;
}

Failure cannot_bind(const std::string& pod, const std::string& why) {
  return {409, "Conflict", "Operation cannot be fulfilled on pods/binding \"" + pod + "\": " + why};
}

// Empty: the pod may be bound.
std::optional<Failure> binding_refused(const Json& pod, const Json& binding) {
  const std::string name = meta_text(pod, "name");
  const std::string wanted_uid = meta_text(binding, "uid");
  if (!wanted_uid.empty() && wanted_uid != meta_text(pod, "uid")) {
    return cannot_bind(name, "Precondition failed: UID in precondition: " + wanted_uid +
                                 ", UID in object meta: " + meta_text(pod, "uid"));
  }
  if (!meta_text(pod, "deletionTimestamp").empty()) {
    return cannot_bind(name, "pod " + name + " is being deleted, cannot be assigned to a host");
  }
  const std::string node = pod.value("/spec/nodeName"_json_pointer, "");
  if (!node.empty()) return cannot_bind(name, "pod " + name + " is already assigned to node \"" + node + "\"");
  if (!pod.value("/spec/schedulingGates"_json_pointer, Json::array()).empty()) {
    return cannot_bind(name, "pod " + name + " has non-empty .spec.schedulingGates");
  }
  return std::nullopt;
}

struct Deletion {
  const ObjectPtr& current;  // null: there is none
  const Json& options;       // DeleteOptions
};
std::optional<Failure> deletion_refused(const ResourceType& type, const std::string& name, const Deletion& deletion) {
  if (!deletion.current) return not_found(type, name);
  const std::string uid = deletion.options.value("/preconditions/uid"_json_pointer, "");
  if (!uid.empty() && uid != meta_text(*deletion.current, "uid")) {
    return wrong_uid(type, name, {uid, meta_text(*deletion.current, "uid")});
  }
  const std::string version = deletion.options.value("/preconditions/resourceVersion"_json_pointer, "");
  if (version.empty() || version == meta_text(*deletion.current, "resourceVersion")) return std::nullopt;
  return changed_meanwhile(type, name);
}

void set_condition(Json& pod, const Json& condition) {
  Json& conditions = pod["status"]["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  for (Json& old : conditions) {
    if (old.value("type", "") != condition.value("type", "")) continue;
    old = condition;
    return;
  }
  conditions.push_back(condition);
}

}  // namespace

runtime::HttpResponse ApiObjects::apply(const Call& call) {
  const std::string manager = call.query("fieldManager");
  if (manager.empty()) {
    return failure_reply(
        {422, "Invalid",
         "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"});
  }
  Json wanted = call.body;
  if (wanted.value("kind", "") != call.type.kind || wanted.value("apiVersion", "") != call.type.api_version()) {
    return failure_reply(
        bad_request("the body must name apiVersion " + call.type.api_version() + " and kind " + call.type.kind));
  }
  if (wanted.contains("/metadata/managedFields"_json_pointer)) {
    return failure_reply(bad_request("metadata.managedFields must be nil"));
  }
  const bool status = call.path.subresource == "status";
  if (status) {
    wanted = {{"apiVersion", wanted["apiVersion"]},
              {"kind", wanted["kind"]},
              {"metadata", wanted["metadata"]},
              {"status", wanted.value("status", Json::object())}};
    for (const char* other : {"labels", "annotations"}) wanted["metadata"].erase(other);
  } else if (call.type.has_status) {
    wanted.erase("status");
  }
  const ApplyRequest request{manager, call.query("force") == "true", call.path.subresource};
  if (!namespace_exists(call.path.ns))
    return failure_reply({404, "NotFound", "namespaces \"" + call.path.ns + "\" not found"});
  bool created = false;
  auto reply = write(call, [&](const ObjectPtr& current) -> Written {
    if (!current && status) return not_found(call.type, call.path.name);
    created = !current;
    auto applied = apply_fields(current ? *current : Json(), wanted, request);
    if (const auto* conflicts = std::get_if<ApplyConflicts>(&applied)) return ownership_conflict(*conflicts);
    Json& result = std::get<Json>(applied);
    if (created) {
      result["metadata"]["name"] = call.path.name;
      return new_object(call, std::move(result));
    }
    const Json managed = result["metadata"]["managedFields"];
    Written written = changed_object(call, *current, result);
    if (auto* after = std::get_if<Json>(&written)) (*after)["metadata"]["managedFields"] = managed;
    return written;
  });
  if (created && reply.status == 200) reply.status = 201;
  return reply;
}

void ApiObjects::remove_all(const std::string& type, const std::string& ns) {
  for (const auto& [key, object] : store_.list(type, ns).objects) {
    store_.change(key, [](const ObjectPtr&) {
      return ObjectStore::Decision{ObjectStore::Decision::Action::remove, nullptr};
    });
  }
}

void ApiObjects::remove_dependents(const Call& call, const Json& object) {
  if (call.type.plural == "customresourcedefinitions") {
    remove_all(object.value("/spec/names/plural"_json_pointer, "") + "." + object.value("/spec/group"_json_pointer, ""),
               "");
  } else if (call.type.plural == "namespaces") {
    for (const ResourceType& type : types()) {
      if (type.namespaced) remove_all(type.id(), call.path.name);
    }
  }
}

runtime::HttpResponse ApiObjects::remove(const Call& call) {
  std::optional<Failure> failure;
  const std::string grace = call.query("gracePeriodSeconds");
  const bool at_once = grace == "0" || call.body.value("gracePeriodSeconds", -1) == 0;
  bool graceful = false;
  const ObjectPtr before = store_.get(call.key(call.path.name));
  if (!deletion_refused(call.type, call.path.name, {before, call.body})) remove_dependents(call, *before);
  const ObjectPtr last =
      store_.change(call.key(call.path.name), [&](const ObjectPtr& current) -> ObjectStore::Decision {
        failure = deletion_refused(call.type, call.path.name, {current, call.body});
        if (failure) return {};
        // A pod on a node waits for its kubelet, and anything with finalizers for whoever holds them.
        const bool on_node = call.type.plural == "pods" && !current->value("/spec/nodeName"_json_pointer, "").empty();
        graceful = (on_node && !at_once) || !current->value("/metadata/finalizers"_json_pointer, Json::array()).empty();
        if (!graceful) return {ObjectStore::Decision::Action::remove, nullptr};
        auto marked = std::make_shared<Json>(*current);
        if (meta_text(*marked, "deletionTimestamp").empty()) (*marked)["metadata"]["deletionTimestamp"] = now();
        return {ObjectStore::Decision::Action::put, marked};
      });
  if (failure) return failure_reply(*failure);
  if (graceful) return json_reply(200, *last);
  return json_reply(
      200, {{"kind", "Status"},
            {"apiVersion", "v1"},
            {"metadata", Json::object()},
            {"status", "Success"},
            {"details", {{"name", call.path.name}, {"kind", call.type.plural}, {"uid", meta_text(*last, "uid")}}}});
}

runtime::HttpResponse ApiObjects::bind(const Call& call) {
  const std::string node = call.body.value("/target/name"_json_pointer, "");
  const std::string pod = call.path.name;
  if (node.empty()) {
    return failure_reply({422, "Invalid", "Binding \"" + pod + "\" is invalid: target.name: Required value"});
  }
  auto reply = write(call, [&](const ObjectPtr& current) -> Written {
    if (!current) return not_found(call.type, pod);
    if (auto refused = binding_refused(*current, call.body)) return *std::move(refused);
    Json bound = *current;
    bound["spec"]["nodeName"] = node;
    for (const char* map : {"annotations", "labels"}) {
      const Json entries = call.body.value(Json::json_pointer(std::string("/metadata/") + map), Json::object());
      for (const auto& [name, value] : entries.items()) bound["metadata"][map][name] = value;
    }
    set_condition(bound, {{"type", "PodScheduled"}, {"status", "True"}, {"lastTransitionTime", now()}});
    return bound;
  });
  if (reply.status != 200) return reply;
  return json_reply(
      201,
      {{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()}, {"status", "Success"}, {"code", 201}});
}

}  // namespace headroom::demo
