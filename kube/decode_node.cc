#include "kube/decode.h"
#include "kube/json_reader.h"
#include "kube/labels_reader.h"
#include "kube/resource_list.h"

namespace headroom::kube {
namespace {

void read_metadata(JsonCursor& metadata, model::Node& node) {
  metadata.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "name") {
      node.name = value.text();
    } else if (key == "uid") {
      node.uid = value.text();
    } else if (key == "labels") {
      node.labels = read_labels(value);
    }
  });
}

void read_addresses(JsonCursor& addresses, model::Node& node) {
  addresses.items([&](JsonCursor& item) {
    std::string type;
    std::string address;
    item.fields([&](std::string_view key, JsonCursor& value) {
      if (key == "type") {
        type = value.text();
      } else if (key == "address") {
        address = value.text();
      }
    });
    if (type == "InternalIP") node.internal_ips.push_back(std::move(address));
  });
}

void read_status(JsonCursor& status, model::Node& node) {
  status.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "capacity") {
      ResourceList capacity = read_resource_list(value);
      node.cpu_millis = capacity.cpu_millis.value_or(0);
      node.devices = std::move(capacity.devices);
    } else if (key == "addresses") {
      read_addresses(value, node);
    } else if (key == "nodeInfo") {
      value.fields([&](std::string_view info, JsonCursor& text) {
        if (info == "bootID") node.boot_id = text.text();
      });
    }
  });
}

}  // namespace

base::Result<model::Node> decode_node(PaddedJson json) {
  model::Node node;
  const auto read = read_json_object(json, [&](std::string_view key, JsonCursor& value) {
    if (key == "metadata") {
      read_metadata(value, node);
    } else if (key == "spec") {
      value.fields([&](std::string_view field, JsonCursor& flag) {
        if (field == "unschedulable") node.unschedulable = flag.flag(false);
      });
    } else if (key == "status") {
      read_status(value, node);
    }
  });
  if (!read) return read.error();
  if (node.name.empty()) return base::invalid_input("metadata.name: is required");
  return node;
}

}  // namespace headroom::kube
