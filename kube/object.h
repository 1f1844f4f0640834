// One object of the API in the form that the rest of the program uses, whatever its kind.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "base/result.h"
#include "kube/config_map.h"
#include "kube/decode.h"
#include "kube/json.h"
#include "model/device_claim.h"
#include "model/node.h"
#include "model/pod.h"

namespace headroom::kube {

// A custom resource, for policy/ and topology/ to parse.
struct RawObject {
  ObjectMeta meta;
  std::string json;  // with kJsonPadding spare bytes
};

// monostate: unreadable.
using Object = std::variant<std::monostate, std::shared_ptr<const model::Node>, std::shared_ptr<const model::Pod>,
                            std::shared_ptr<const ConfigMap>, std::shared_ptr<const RawObject>,
                            std::shared_ptr<const model::DeviceClaim>>;
using Decoder = std::function<base::Result<Object>(PaddedJson)>;
[[nodiscard]] base::Result<Object> decode_as_node(PaddedJson json);
[[nodiscard]] base::Result<Object> decode_as_pod(PaddedJson json);
[[nodiscard]] base::Result<Object> decode_as_config_map(PaddedJson json);
[[nodiscard]] base::Result<Object> decode_as_device_claim(PaddedJson json);
[[nodiscard]] base::Result<Object> decode_as_device_claim_template(PaddedJson json);
[[nodiscard]] base::Result<Object> decode_as_raw(PaddedJson json);

struct ObjectEntry {
  std::string key;  // "namespace/name" or "name"
  std::string uid;
  Object object;
  std::string error;  // of an unreadable one
};

// Decodes one; a failure makes an unreadable entry with whatever could be read of its name.
[[nodiscard]] ObjectEntry decode_entry(PaddedJson json, const Decoder& decode);

}  // namespace headroom::kube
