// "headroom lint FILE...": reads KubeSchedulerConfigurations and tells their traps.
#pragma once

#include <string>
#include <vector>

#include "cli/lint.h"
#include "cli/outcome.h"

namespace headroom::cli {

struct LintCommand {
  std::vector<std::string> files;
  LintOptions options;
};

// One line per finding: "FILE:LINE: error: FIELD MESSAGE [RULE]". Status: 0 clean or notes only, 1 findings, 2 a file
// cannot be read or is not a KubeSchedulerConfiguration.
[[nodiscard]] Outcome run_lint(const LintCommand& command);

}  // namespace headroom::cli
