#include "kube/endpoint_slice.h"

#include <utility>

#include "kube/json_reader.h"
#include "kube/labels_reader.h"
#include "kube/list.h"
#include "kube/resource.h"

namespace headroom::kube {
namespace {

model::EndpointAddress read_endpoint(JsonCursor& item) {
  model::EndpointAddress endpoint;
  item.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "addresses") {
      value.items([&](JsonCursor& address) { endpoint.addresses.push_back(address.text()); });
    } else if (key == "nodeName") {
      endpoint.node_name = value.text();
    } else if (key == "conditions") {
      value.fields([&](std::string_view condition, JsonCursor& state) {
        if (condition == "ready") endpoint.ready = state.flag(true);
      });
    } else if (key == "targetRef") {
      std::string kind;
      std::string name;
      value.fields([&](std::string_view field, JsonCursor& text) {
        if (field == "kind") {
          kind = text.text();
        } else if (field == "name") {
          name = text.text();
        }
      });
      if (kind == "Pod") endpoint.pod_name = std::move(name);
    }
  });
  return endpoint;
}

model::EndpointPort read_port(JsonCursor& item) {
  model::EndpointPort port;
  item.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "name") {
      port.name = value.text();
    } else if (key == "port") {
      const std::int64_t number = value.integer();
      if (number < 0 || number > 65'535) {
        value.fail("is no port");
      } else {
        port.port = static_cast<std::uint16_t>(number);
      }
    }
  });
  return port;
}

}  // namespace

base::Result<model::EndpointSlice> decode_endpoint_slice(PaddedJson json) {
  model::EndpointSlice slice;
  const auto read = read_json_object(json, [&](std::string_view key, JsonCursor& value) {
    if (key == "metadata") {
      value.fields([&](std::string_view field, JsonCursor& part) {
        if (field == "name") {
          slice.name = part.text();
        } else if (field == "namespace") {
          slice.ns = part.text();
        } else if (field == "labels") {
          slice.labels = read_labels(part);
        }
      });
    } else if (key == "endpoints") {
      value.items([&](JsonCursor& item) { slice.endpoints.push_back(read_endpoint(item)); });
    } else if (key == "ports") {
      value.items([&](JsonCursor& item) { slice.ports.push_back(read_port(item)); });
    }
  });
  if (!read) return read.error();
  if (slice.name.empty()) return base::invalid_input("metadata.name: is required");
  return slice;
}

base::Result<std::vector<model::EndpointSlice>> list_endpoint_slices(Connection& connection, const std::string& ns) {
  std::vector<model::EndpointSlice> slices;
  const StreamEnd end = list_pages(connection, {resources::endpoint_slices(ns), 500, ""}, [&](PaddedJson json) {
    auto slice = decode_endpoint_slice(json);
    if (slice) slices.push_back(*std::move(slice));
  });
  if (end.kind == EndKind::complete) return slices;
  return base::with_context(end.error.value_or(base::unavailable("the list was cut")),
                            "list of endpointslices in " + ns);
}

}  // namespace headroom::kube
