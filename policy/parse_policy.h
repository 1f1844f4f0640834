// JSON text of one PowerCappingPolicy -> model::PolicyObject. Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/policy.h"

namespace headroom::policy {

// Reads one object as the API server prints it and applies the defaults of the CRD.
//
// Error: invalid_input with every problem of the object, "; " between them, each beginning with the field it is about
// ("spec.powerCapLimit: must be at least 1"). What such an object does to pods: resolve.h.
//
// Fields of spec that this version does not evaluate, unknown ones among them, go into not_evaluated as paths.
[[nodiscard]] base::Result<model::PolicyObject> parse_policy(std::string_view json);

// Names of the policy's custom algorithms that this version does not know (today: all). The rest of the policy holds.
[[nodiscard]] std::vector<std::string> unknown_algorithms(const model::PolicyObject& policy);

}  // namespace headroom::policy
