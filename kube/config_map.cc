#include "kube/config_map.h"

#include <utility>

#include "kube/json_reader.h"
#include "kube/json_writer.h"
#include "kube/resource.h"

namespace headroom::kube {

base::Result<ConfigMap> decode_config_map(PaddedJson json) {
  ConfigMap map;
  const auto read = read_json_object(json, [&](std::string_view key, JsonCursor& value) {
    if (key == "metadata") {
      value.fields([&](std::string_view field, JsonCursor& text) {
        if (field == "name") {
          map.name = text.text();
        } else if (field == "namespace") {
          map.ns = text.text();
        }
      });
    } else if (key == "data") {
      value.fields([&](std::string_view name, JsonCursor& text) { map.data.emplace(name, text.text()); });
    }
  });
  if (!read) return read.error();
  return map;
}

base::Result<ConfigMap> get_config_map(ApiClient& client, const std::string& ns, const std::string& name) {
  auto body = client.get(resources::config_maps(ns).object_path(name));
  if (!body) return body.error();
  return decode_config_map(PaddedJson::of(*body));
}

base::Status apply_config_map(ApiClient& client, const ConfigMap& map, const std::string& field_manager) {
  JsonObject metadata;
  metadata.text("name", map.name).text("namespace", map.ns);
  JsonObject body;
  body.text("apiVersion", "v1").text("kind", "ConfigMap").object("metadata", metadata).strings("data", map.data);
  PatchRequest request;
  request.path = resources::config_maps(map.ns).object_path(map.name);
  request.kind = PatchKind::apply;
  request.body = body.str();
  request.field_manager = field_manager;
  request.force = true;
  const auto reply = client.patch(request);
  if (!reply) return reply.error();
  return base::ok_status();
}

}  // namespace headroom::kube
