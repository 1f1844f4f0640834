// discovery.k8s.io/v1 EndpointSlices: which addresses serve a Service, and on which node each runs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kube/connection.h"
#include "kube/json.h"
#include "model/endpoint_slice.h"

namespace headroom::kube {

[[nodiscard]] base::Result<model::EndpointSlice> decode_endpoint_slice(PaddedJson json);

// All slices of one namespace, read in pages. A slice that cannot be read is left out; a namespace that does not exist
// has none.
[[nodiscard]] base::Result<std::vector<model::EndpointSlice>> list_endpoint_slices(Connection& connection,
                                                                                   const std::string& ns);

}  // namespace headroom::kube
