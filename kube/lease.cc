#include "kube/lease.h"

#include <utility>

#include "kube/api_time.h"
#include "kube/json_reader.h"
#include "kube/json_writer.h"
#include "kube/resource.h"

namespace headroom::kube {
namespace {

std::optional<base::WallTime> read_micro_time(JsonCursor& value) {
  const std::string_view text = value.view();
  if (text.empty()) return std::nullopt;
  const auto time = parse_api_time(text);
  if (time) return *time;
  value.fail(time.error().message);
  return std::nullopt;
}

void read_spec(JsonCursor& spec, Lease& lease) {
  spec.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "holderIdentity") {
      lease.holder = value.text();
    } else if (key == "leaseDurationSeconds") {
      lease.duration = base::Seconds(value.integer());
    } else if (key == "acquireTime") {
      lease.acquired = read_micro_time(value);
    } else if (key == "renewTime") {
      lease.renewed = read_micro_time(value);
    } else if (key == "leaseTransitions") {
      lease.transitions = static_cast<std::int32_t>(value.integer());
    }
  });
}

std::string body_of(const Lease& lease) {
  JsonObject metadata;
  metadata.text("name", lease.name).text("namespace", lease.ns);
  metadata.text_if_any("resourceVersion", lease.resource_version);
  JsonObject spec;
  // An empty holder is left out, as client-go does when it releases.
  spec.text_if_any("holderIdentity", lease.holder).number("leaseDurationSeconds", lease.duration.count());
  if (lease.acquired) spec.text("acquireTime", format_micro_time(*lease.acquired));
  if (lease.renewed) spec.text("renewTime", format_micro_time(*lease.renewed));
  spec.number("leaseTransitions", lease.transitions);
  JsonObject body;
  body.text("apiVersion", "coordination.k8s.io/v1").text("kind", "Lease");
  return body.object("metadata", metadata).object("spec", spec).str();
}

base::Result<Lease> decoded(base::Result<std::string> body) {
  if (!body) return body.error();
  return decode_lease(PaddedJson::of(*body));
}

}  // namespace

base::Result<Lease> decode_lease(PaddedJson json) {
  Lease lease;
  const auto read = read_json_object(json, [&](std::string_view key, JsonCursor& value) {
    if (key == "metadata") {
      value.fields([&](std::string_view field, JsonCursor& text) {
        if (field == "name") {
          lease.name = text.text();
        } else if (field == "namespace") {
          lease.ns = text.text();
        } else if (field == "resourceVersion") {
          lease.resource_version = text.text();
        } else if (field == "annotations") {
          text.fields([&](std::string_view name, JsonCursor& word) { lease.annotations.emplace(name, word.text()); });
        }
      });
    } else if (key == "spec") {
      read_spec(value, lease);
    }
  });
  if (!read) return read.error();
  return lease;
}

base::Result<Lease> get_lease(ApiClient& client, const std::string& ns, const std::string& name) {
  return decoded(client.get(resources::leases(ns).object_path(name)));
}

base::Result<Lease> create_lease(ApiClient& client, const Lease& lease) {
  Lease fresh = lease;
  fresh.resource_version.clear();
  return decoded(client.post(resources::leases(lease.ns).collection_path(), body_of(fresh)));
}

base::Result<Lease> update_lease(ApiClient& client, const Lease& lease) {
  return decoded(client.put(resources::leases(lease.ns).object_path(lease.name), body_of(lease)));
}

}  // namespace headroom::kube
