// The extender's debug pages (JSON) as tables for a terminal. Pure: text in, text out.
//
// A member that is absent or null prints as "-", so that this program and an extender of another version get along.
// Errors: invalid_input when the text is not JSON or not the page asked for; unavailable, with the extender's reason,
// when it has nothing to show yet.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace headroom::cli {

// Of /debug/snapshot: one line per rack, then why the extender is not ready, if it is not.
[[nodiscard]] base::Result<std::string> racks_text(std::string_view snapshot);
// Of /debug/snapshot: elements of the power topology, policies, sources, conditions.
[[nodiscard]] base::Result<std::string> topology_text(std::string_view snapshot);
// Of /explain: the pod, then one line per node; for a single node every limit that bears on it.
[[nodiscard]] base::Result<std::string> explain_text(std::string_view explanation);

}  // namespace headroom::cli
