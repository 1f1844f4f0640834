// One run of a program, with its output and a deadline.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/durations.h"
#include "base/result.h"

namespace headroom::rapl_agent::hwmon {

// What it wrote to standard output, at most 64 kB. Errors: not_found (no such program), unavailable (it failed, was too
// slow or no longer wanted and has been ended, or wrote more). A child that cannot be ended is left behind.
[[nodiscard]] base::Result<std::string> run_program(const std::vector<std::string>& words, base::Milliseconds timeout,
                                                    const std::stop_token& stop);

}  // namespace headroom::rapl_agent::hwmon
