// The JSON that /api/v1/query answers with. Pure and total.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "telemetry/sample.h"

namespace headroom::telemetry {

// Rows of an instant vector, or one row of a scalar; `time` is the evaluation time that each row carries. Errors:
// invalid_input for a refused query (Prometheus' own words), for other result types and for what is no such reply;
// unavailable when Prometheus says that it could not execute the query (timeout, canceled, unavailable).
[[nodiscard]] base::Result<std::vector<Sample>> parse_query_reply(std::string body);

}  // namespace headroom::telemetry
