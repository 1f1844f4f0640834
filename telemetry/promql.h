// The little PromQL that we write or look at. Pure.
#pragma once

#include <string>
#include <string_view>

namespace headroom::telemetry {

// The text between the quotes of a PromQL string literal.
[[nodiscard]] std::string escape_promql(std::string_view text);

// Whether the query is only an instant vector selector: metric{matchers}. Of such a query `timestamp(query)` tells when
// its samples were taken; of anything composed it tells when the query ran, which is always now.
[[nodiscard]] bool is_bare_selector(std::string_view query);

}  // namespace headroom::telemetry
