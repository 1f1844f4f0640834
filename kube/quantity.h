// Kubernetes quantities ("100m", "1.5", "2Ki", "3e2") as integers.
//
// Source of the form: k8s.io/apimachinery/pkg/api/resource (quantity.go). As there, what does not divide evenly is
// rounded away from zero; what exceeds int64 becomes its largest value.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace headroom::kube {

// Thousandths: how CPU is counted. Errors: invalid_input "'1.5x' is not a quantity".
[[nodiscard]] base::Result<std::int64_t> parse_milli_quantity(std::string_view text);
// Whole units: how devices are counted.
[[nodiscard]] base::Result<std::int64_t> parse_quantity(std::string_view text);

}  // namespace headroom::kube
