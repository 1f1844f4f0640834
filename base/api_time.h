// The API's two time forms: metav1.Time (RFC 3339, seconds) and metav1.MicroTime (exactly six fraction digits).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace headroom::base {

// Either form, "Z" or an offset, any number of fraction digits. Errors: invalid_input.
[[nodiscard]] Result<WallTime> parse_api_time(std::string_view text);
[[nodiscard]] std::string format_time(WallTime time);        // "2026-01-02T03:04:05Z"
[[nodiscard]] std::string format_micro_time(WallTime time);  // "2026-01-02T03:04:05.000006Z"

}  // namespace headroom::base
