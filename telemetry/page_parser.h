// An exporter's page as samples of ours. Pure.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/sample_source.h"

namespace headroom::telemetry {

// `scraped` is the time of samples that carry none, and the latest that any may have: a clock that runs ahead must not
// make a reading fresh for ever. Errors: invalid_input when nothing on the page is a sample (a login page, say).
[[nodiscard]] base::Result<Poll> parse_page(std::string_view body, base::WallTime scraped);

}  // namespace headroom::telemetry
