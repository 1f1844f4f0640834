// coordination.k8s.io/v1 Lease as a value, and its three calls.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/durations.h"
#include "base/result.h"
#include "kube/api_client.h"
#include "kube/json.h"

namespace headroom::kube {

struct Lease {
  std::string ns;
  std::string name;
  std::string resource_version;  // empty on one that was not read
  std::string holder;            // empty: free
  base::Seconds duration{15};
  std::optional<base::WallTime> acquired;
  std::optional<base::WallTime> renewed;
  std::int32_t transitions = 0;
  std::map<std::string, std::string> annotations;  // as read; create_lease() and update_lease() write none

  bool operator==(const Lease&) const = default;
};

[[nodiscard]] base::Result<Lease> decode_lease(PaddedJson json);
// Errors: not_found; the others of ApiClient.
[[nodiscard]] base::Result<Lease> get_lease(ApiClient& client, const std::string& ns, const std::string& name);
// As stored. Errors: conflict where another one exists (create) or the resource version is old (update).
[[nodiscard]] base::Result<Lease> create_lease(ApiClient& client, const Lease& lease);
[[nodiscard]] base::Result<Lease> update_lease(ApiClient& client, const Lease& lease);

}  // namespace headroom::kube
