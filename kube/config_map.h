// v1 ConfigMap: read, decode, and write by server-side apply.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "kube/api_client.h"
#include "kube/json.h"

namespace headroom::kube {

struct ConfigMap {
  std::string ns;
  std::string name;
  std::map<std::string, std::string> data;

  bool operator==(const ConfigMap&) const = default;
};

[[nodiscard]] base::Result<ConfigMap> decode_config_map(PaddedJson json);
[[nodiscard]] base::Result<ConfigMap> get_config_map(ApiClient& client, const std::string& ns, const std::string& name);
// Creates it or sets its data; keys applied earlier by the same manager and missing now are removed.
[[nodiscard]] base::Status apply_config_map(ApiClient& client, const ConfigMap& map, const std::string& field_manager);

}  // namespace headroom::kube
