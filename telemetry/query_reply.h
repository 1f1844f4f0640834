// The JSON that /api/v1/query answers with. Pure and total.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "telemetry/sample.h"

namespace headroom::telemetry {

// Rows of an instant vector, or one row of a scalar; `time` is the evaluation time that each row carries. Errors:
// invalid_input where the query is at fault (refused in Prometheus' own words, or of another result type); unavailable
// where Prometheus could not execute it (timeout, canceled, unavailable); unsupported for what is no such reply at all.
[[nodiscard]] base::Result<std::vector<Sample>> parse_query_reply(std::string body);

}  // namespace headroom::telemetry
