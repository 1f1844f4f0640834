// The caps loop's numbers as metrics. Any thread.
#pragma once

#include <vector>

#include "controller/caps_report.h"
#include "runtime/metrics.h"

namespace headroom::controller {

[[nodiscard]] std::vector<runtime::CollectedFamily> cap_families(const CapsReport& report);

}  // namespace headroom::controller
