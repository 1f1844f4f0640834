// v1.ResourceList as decoders read it: CPU in thousandths and countable devices; memory and the like are stepped over.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kube/json_reader.h"
#include "model/pod.h"

namespace headroom::kube {

struct ResourceList {
  std::optional<std::int64_t> cpu_millis;
  std::vector<model::DeviceCount> devices;
};

// An extended resource: a name with a domain that is not Kubernetes' own.
[[nodiscard]] bool is_device(std::string_view resource);
// Reads the map at `cursor`.
[[nodiscard]] ResourceList read_resource_list(JsonCursor& cursor);

// requests and limits of a container or of a whole pod.
struct ResourceNeeds {
  ResourceList requests;
  ResourceList limits;
};
[[nodiscard]] ResourceNeeds read_resource_needs(JsonCursor& cursor);

}  // namespace headroom::kube
