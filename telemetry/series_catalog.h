// Which series we read, in one visible list: what a scrape keeps and what Prometheus is asked for. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom::telemetry {

// Whether some dialect reads series of this name.
[[nodiscard]] bool is_wanted(std::string_view name);

// A query that tells which of our series a Prometheus has: one row per name, in label __name__.
[[nodiscard]] std::string presence_query();

// The bare selector that fetches a series of ours: only the rows we use.
[[nodiscard]] std::string selector_for(std::string_view name);

// Series that only name others (sensor labels): their age does not matter.
[[nodiscard]] bool is_annotation(std::string_view name);

}  // namespace headroom::telemetry
