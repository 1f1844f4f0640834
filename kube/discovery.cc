#include "kube/discovery.h"

#include <string>

#include "kube/json_reader.h"

namespace headroom::kube {
namespace {

struct DiscoveredKind {
  std::string plural;
  bool can_create = false;
};

DiscoveredKind read_kind(JsonCursor& item) {
  DiscoveredKind kind;
  item.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "name") {
      kind.plural = value.text();
    } else if (key == "verbs") {
      value.items([&](JsonCursor& verb) { kind.can_create = kind.can_create || verb.view() == "create"; });
    }
  });
  return kind;
}

}  // namespace

bool being_removed(Connection& connection, const Resource& resource) {
  runtime::HttpRequest request;
  request.path = "/apis/" + resource.group + "/" + resource.version;
  auto reply = connection.send(request);
  if (!reply) return false;
  if (reply->status == 404) return true;
  if (reply->status != 200) return false;
  bool can_create = false;
  const auto read = read_json_object(PaddedJson::of(reply->body), [&](std::string_view key, JsonCursor& value) {
    if (key != "resources") return;
    value.items([&](JsonCursor& item) {
      const DiscoveredKind kind = read_kind(item);
      can_create = can_create || (kind.plural == resource.plural && kind.can_create);
    });
  });
  return read.ok() && !can_create;
}

StreamEnd probe(Connection& connection, const ListRequest& list) {
  runtime::HttpRequest request;
  request.path = list.resource.collection_path();
  request.query.emplace("limit", "1");
  if (!list.label_selector.empty()) request.query.emplace("labelSelector", list.label_selector);
  if (!list.field_selector.empty()) request.query.emplace("fieldSelector", list.field_selector);
  const auto reply = connection.send(request);
  if (!reply) return {EndKind::unreachable, "", reply.error(), std::nullopt};
  if (reply->status != 200) return end_of_reply(*reply);
  return {EndKind::complete, "", std::nullopt, std::nullopt};
}

}  // namespace headroom::kube
