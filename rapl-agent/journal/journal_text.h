// The journal's content as text: one line with version, checksum and length, then JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "rapl-agent/core/journal_state.h"

namespace headroom::rapl_agent::journal {

[[nodiscard]] std::string print_journal(const core::JournalState& state);
// Error: invalid_input, whatever is wrong: truncated, altered, another version, a field that makes no sense.
[[nodiscard]] base::Result<core::JournalState> parse_journal(std::string_view text);

}  // namespace headroom::rapl_agent::journal
