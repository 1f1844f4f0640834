#include "demo/api_objects.h"

#include <nlohmann/json.hpp>
#include <random>

#include "demo/api_call.h"
#include "demo/api_time.h"
#include "demo/field_ownership.h"
#include "demo/patches.h"
#include "runtime/config_file.h"

namespace headroom::demo {
namespace {

// JSON, or YAML where the content type allows it. Discarded: neither.
Json parse_body(const runtime::HttpRequest& request) {
  if (request.body.empty()) return Json::object();
  Json parsed = Json::parse(request.body, nullptr, false);
  const auto type = request.headers.find("Content-Type");
  if (!parsed.is_discarded() || type == request.headers.end() || type->second.find("yaml") == std::string::npos) {
    return parsed;
  }
  const auto tree = runtime::parse_yaml(request.body, "body");
  return tree ? Json::parse(runtime::to_json(*tree), nullptr, false) : parsed;
}

ResourceType custom_type(const Json& definition) {
  const Json& spec = definition.at("spec");
  ResourceType type;
  type.group = spec.value("group", "");
  type.plural = spec.at("names").value("plural", "");
  type.kind = spec.at("names").value("kind", "");
  type.namespaced = spec.value("scope", "") == "Namespaced";
  type.custom = true;
  for (const Json& version : spec.value("versions", Json::array())) {
    if (!version.value("served", false)) continue;
    type.version = version.value("name", "");
    type.has_status = version.value("/subresources/status"_json_pointer, Json()).is_object();
  }
  return type;
}

}  // namespace

std::string new_uid() {
  std::random_device random;
  std::string uid;
  for (int i = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      uid += '-';
    } else if (i == 14) {
      uid += '4';
    } else {
      uid += "0123456789abcdef"[i == 19 ? 8 + random() % 4 : random() % 16];
    }
  }
  return uid;
}

std::string ApiObjects::now() const {
  return api_time(clock_.wall_now());
}

std::vector<ResourceType> ApiObjects::types() const {
  std::vector<ResourceType> all = built_in_types();
  for (const auto& [key, definition] : store_.list("customresourcedefinitions.apiextensions.k8s.io", "").objects) {
    all.push_back(custom_type(*definition));
  }
  return all;
}

std::optional<ResourceType> ApiObjects::type_of(const ApiPath& path) const {
  for (ResourceType& type : types()) {
    if (type.group != path.group || type.version != path.version || type.plural != path.plural) continue;
    if (!type.namespaced && !path.ns.empty()) return std::nullopt;
    if (type.namespaced && path.ns.empty() && !path.name.empty()) return std::nullopt;
    return std::move(type);
  }
  return std::nullopt;
}

bool ApiObjects::namespace_exists(const std::string& ns) const {
  return ns.empty() || store_.get({"namespaces", "", ns}) != nullptr;
}

runtime::HttpResponse ApiObjects::answer(const ResourceType& type, const ApiPath& path,
                                         const runtime::HttpRequest& request) {
  const Call call{type, path, request, parse_body(request)};
  const bool json_patch = call.content_type() == "application/json-patch+json";
  if (call.body.is_discarded() || !(json_patch ? call.body.is_array() : call.body.is_object())) {
    return failure_reply(bad_request("the body is not what the content type says"));
  }
  try {
    return dispatch(call);
  } catch (const Json::exception& error) {
    return failure_reply(bad_request(std::string("the object is not of the expected form: ") + error.what()));
  }
}

runtime::HttpResponse ApiObjects::dispatch(const Call& call) {
  const ApiPath& path = call.path;
  const std::string& method = call.request.method;
  const bool is_binding = path.subresource == "binding" && call.type.plural == "pods";
  if (!path.subresource.empty() && !is_binding && !(path.subresource == "status" && call.type.has_status)) {
    return failure_reply({404, "NotFound", "the server could not find the requested resource"});
  }
  if (is_binding && method == "POST") return bind(call);
  if (!path.name.empty()) {
    if (method == "GET") return read(call);
    if (method == "PUT") return update(call);
    if (method == "PATCH") return call.content_type() == "application/apply-patch+yaml" ? apply(call) : patch(call);
    if (method == "DELETE") return remove(call);
  } else if (method == "POST") {
    return create(call);
  }
  return failure_reply({405, "MethodNotAllowed", "the server does not allow this method on the requested resource"});
}

runtime::HttpResponse ApiObjects::read(const Call& call) const {
  const ObjectPtr object = store_.get(call.key(call.path.name));
  return object ? json_reply(200, *object) : failure_reply(not_found(call.type, call.path.name));
}

runtime::HttpResponse ApiObjects::write(const Call& call, const Make& make, int success) {
  const std::string name = call.path.name.empty() ? meta_text(call.body, "name") : call.path.name;
  std::optional<Failure> failure;
  bool finished = false;  // the last finalizer of an object that is being deleted has gone
  const ObjectPtr stored = store_.change(call.key(name), [&](const ObjectPtr& current) -> ObjectStore::Decision {
    Written written = make(current);
    if (auto* refused = std::get_if<Failure>(&written)) {
      failure = std::move(*refused);
      return {};
    }
    auto object = std::make_shared<Json>(std::move(std::get<Json>(written)));
    finished = current && !meta_text(*object, "deletionTimestamp").empty() && call.type.plural != "pods" &&
               object->value("/metadata/finalizers"_json_pointer, Json::array()).empty();
    if (finished) return {ObjectStore::Decision::Action::remove, nullptr};
    return {ObjectStore::Decision::Action::put, std::move(object)};
  });
  return failure ? failure_reply(*failure) : json_reply(success, *stored);
}

ApiObjects::Written ApiObjects::new_object(const Call& call, Json object) const {
  Json& metadata = object["metadata"];
  object["apiVersion"] = call.type.api_version();
  object["kind"] = call.type.kind;
  if (call.type.namespaced) metadata["namespace"] = call.path.ns;
  metadata["uid"] = new_uid();
  metadata["creationTimestamp"] = now();
  metadata["generation"] = 1;
  metadata.erase("resourceVersion");
  metadata.erase("deletionTimestamp");
  if (call.type.has_status && call.type.plural != "nodes") object.erase("status");
  if (call.type.plural == "pods") {
    object["status"] = {{"phase", "Pending"}, {"qosClass", "Burstable"}};
    if (!object["spec"].contains("schedulerName")) object["spec"]["schedulerName"] = "default-scheduler";
  }
  if (call.type.plural == "customresourcedefinitions") {
    object["status"] = {
        {"conditions", {{{"type", "Established"}, {"status", "True"}, {"reason", "InitialNamesAccepted"}}}}};
  }
  return object;
}

runtime::HttpResponse ApiObjects::create(const Call& call) {
  if (call.type.namespaced && call.path.ns.empty()) {
    return failure_reply(
        bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  }
  Json object = call.body;
  const std::string kind = object.value("kind", call.type.kind);
  if (kind != call.type.kind) return failure_reply(bad_request(kind + " in body does not match " + call.type.kind));
  const std::string ns = meta_text(object, "namespace");
  if (!ns.empty() && ns != call.path.ns) {
    return failure_reply(
        bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  }
  if (!namespace_exists(call.path.ns))
    return failure_reply({404, "NotFound", "namespaces \"" + call.path.ns + "\" not found"});
  if (meta_text(object, "name").empty() && !meta_text(object, "generateName").empty()) {
    object["metadata"]["name"] = meta_text(object, "generateName") + new_uid().substr(0, 5);
  }
  const std::string name = meta_text(object, "name");
  if (name.empty())
    return failure_reply(invalid(call.type, "", "metadata.name: Required value: name or generateName is required"));
  const Call named{call.type, call.path, call.request, object};
  return write(
      named,
      [&](const ObjectPtr& current) -> Written {
        if (current) return already_exists(call.type, name);
        Written fresh = new_object(named, object);
        if (auto* made = std::get_if<Json>(&fresh)) note_update(Json(), *made, {call.manager(), false, ""});
        return fresh;
      },
      201);
}

ApiObjects::Written ApiObjects::changed_object(const Call& call, const Json& before, const Json& after) const {
  const std::string version = meta_text(after, "resourceVersion");
  if (!version.empty() && version != meta_text(before, "resourceVersion"))
    return changed_meanwhile(call.type, call.path.name);
  const std::string uid = meta_text(after, "uid");
  if (!uid.empty() && uid != meta_text(before, "uid")) {
    // In a patch it is a change of an immutable field, in an update a precondition.
    if (call.request.method == "PATCH") {
      return invalid(call.type, call.path.name, "metadata.uid: Invalid value: \"" + uid + "\": field is immutable");
    }
    return wrong_uid(call.type, call.path.name, {uid, meta_text(before, "uid")});
  }
  if (const auto name = meta_text(after, "name"); !name.empty() && name != call.path.name) {
    return bad_request("the name of the object (" + name + ") does not match the name on the URL (" + call.path.name +
                       ")");
  }
  Json result = call.path.subresource == "status" ? before : after;
  if (call.path.subresource == "status") {
    result["status"] = after.value("status", Json::object());
  } else if (call.type.has_status && call.type.plural != "customresourcedefinitions") {
    result.erase("status");
    if (before.contains("status")) result["status"] = before["status"];
  }
  Json& metadata = result["metadata"];
  for (const char* kept :
       {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "generation", "managedFields"}) {
    metadata.erase(kept);
    if (before["metadata"].contains(kept)) metadata[kept] = before["metadata"][kept];
  }
  result["apiVersion"] = before["apiVersion"];
  result["kind"] = before["kind"];
  const bool spec_changed = result.value("spec", Json()) != before.value("spec", Json());
  if (spec_changed) metadata["generation"] = before["metadata"].value("generation", 1) + 1;
  return result;
}

runtime::HttpResponse ApiObjects::update(const Call& call) {
  return write(call, [&](const ObjectPtr& current) -> Written {
    if (!current) return not_found(call.type, call.path.name);
    if (call.type.custom && meta_text(call.body, "resourceVersion").empty()) {
      return invalid(call.type, call.path.name,
                     "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
    }
    Written written = changed_object(call, *current, call.body);
    if (auto* after = std::get_if<Json>(&written))
      note_update(*current, *after, {call.manager(), false, call.path.subresource});
    return written;
  });
}

runtime::HttpResponse ApiObjects::patch(const Call& call) {
  const std::string type = call.content_type();
  const bool strategic = type == "application/strategic-merge-patch+json";
  const bool json_patch = type == "application/json-patch+json";
  if (!(strategic && !call.type.custom) && !json_patch && type != "application/merge-patch+json") {
    return failure_reply({415, "UnsupportedMediaType",
                          "the body of the request was in an unknown format - accepted media types include: "
                          "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"});
  }
  return write(call, [&](const ObjectPtr& current) -> Written {
    if (!current) return not_found(call.type, call.path.name);
    Json after = *current;
    if (json_patch) {
      try {
        after = current->patch(call.body);
      } catch (const Json::exception& error) {
        return Failure{422, "Invalid", error.what()};
      }
    } else if (strategic) {
      after = strategic_merge(*current, call.body);
    } else {
      after.merge_patch(call.body);
    }
    Written written = changed_object(call, *current, after);
    if (auto* result = std::get_if<Json>(&written))
      note_update(*current, *result, {call.manager(), false, call.path.subresource});
    return written;
  });
}

}  // namespace headroom::demo
