// metav1.Time.
#pragma once

#include <string>

#include "base/clock.h"

namespace headroom::demo {

[[nodiscard]] std::string api_time(base::WallTime time);  // "2026-01-02T03:04:05Z"

}  // namespace headroom::demo
