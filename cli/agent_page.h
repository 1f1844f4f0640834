// The node agent's /debug/state (JSON) as a table for a terminal. Pure: text in, text out.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace headroom::cli {

// One line for the agent, one for each domain with its caps and health, then notes and what is wrong. A member that is
// absent or null prints as "-". Errors: invalid_input when the text is not that page; unavailable, with the agent's
// reason, when it has nothing to show yet.
[[nodiscard]] base::Result<std::string> agent_text(std::string_view state);

}  // namespace headroom::cli
