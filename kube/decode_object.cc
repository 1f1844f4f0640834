#include "kube/config_map.h"
#include "kube/decode.h"
#include "kube/json_reader.h"
#include "kube/object.h"

namespace headroom::kube {
namespace {

template <class T>
base::Result<Object> shared(base::Result<T> decoded) {
  if (!decoded) return decoded.error();
  return Object(std::make_shared<const T>(*std::move(decoded)));
}

}  // namespace

ObjectMeta read_meta(PaddedJson json) {
  ObjectMeta meta;
  const auto ignored = read_json_object(json, [&](std::string_view key, JsonCursor& value) {
    if (key != "metadata") return;
    value.fields([&](std::string_view field, JsonCursor& text) {
      if (field == "name") {
        meta.name = text.text();
      } else if (field == "namespace") {
        meta.ns = text.text();
      } else if (field == "uid") {
        meta.uid = text.text();
      } else if (field == "resourceVersion") {
        meta.resource_version = text.text();
      }
    });
  });
  static_cast<void>(ignored);
  return meta;
}

base::Result<Object> decode_as_node(PaddedJson json) {
  return shared(decode_node(json));
}
base::Result<Object> decode_as_pod(PaddedJson json) {
  return shared(decode_pod(json));
}
base::Result<Object> decode_as_config_map(PaddedJson json) {
  return shared(decode_config_map(json));
}
base::Result<Object> decode_as_device_claim(PaddedJson json) {
  return shared(decode_device_claim(json));
}
base::Result<Object> decode_as_device_claim_template(PaddedJson json) {
  return shared(decode_device_claim_template(json));
}

base::Result<Object> decode_as_raw(PaddedJson json) {
  auto raw = std::make_shared<RawObject>();
  raw->meta = read_meta(json);
  if (raw->meta.name.empty()) return base::invalid_input("metadata.name: is required");
  raw->json.reserve(json.text().size() + kJsonPadding);
  raw->json = json.text();
  return Object(std::shared_ptr<const RawObject>(std::move(raw)));
}

ObjectEntry decode_entry(PaddedJson json, const Decoder& decode) {
  ObjectEntry entry;
  const ObjectMeta meta = read_meta(json);
  entry.key = meta.key();
  entry.uid = meta.uid;
  auto decoded = decode(json);
  if (decoded) {
    entry.object = *std::move(decoded);
  } else {
    entry.error = decoded.error().message;
  }
  return entry;
}

}  // namespace headroom::kube
