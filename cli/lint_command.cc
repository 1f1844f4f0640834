#include "cli/lint_command.h"

#include <algorithm>

#include "cli/scheduler_config.h"
#include "runtime/config_file.h"

namespace headroom::cli {
namespace {

std::string finding_line(const std::string& file, const Finding& finding) {
  std::string line = file + ":";
  if (finding.line > 0) line += std::to_string(finding.line) + ":";
  line += " " + std::string(to_string(finding.severity)) + ": " + finding.field + " " + finding.message + " [" +
          finding.rule + "]\n";
  return line;
}

void lint_file(const std::string& file, const LintOptions& options, Outcome& outcome) {
  const auto tree = runtime::read_yaml_file(file);
  if (!tree) {
    outcome.err += "headroom lint: " + tree.error().message + "\n";
    outcome.status = 2;
    return;
  }
  const auto config = read_scheduler_config(*tree);
  if (!config) {
    outcome.err += "headroom lint: " + file + ": " + config.error().message + "\n";
    outcome.status = 2;
    return;
  }
  std::size_t counted = 0;
  for (const Finding& finding : lint(*config, options)) {
    outcome.out += finding_line(file, finding);
    if (finding.severity != Severity::note) ++counted;
  }
  outcome.out += file + ": extender entries " + std::to_string(config->extenders.size()) + ", findings " +
                 std::to_string(counted) + "\n";
  if (counted > 0) outcome.status = std::max(outcome.status, 1);
}

}  // namespace

Outcome run_lint(const LintCommand& command) {
  Outcome outcome;
  for (const std::string& file : command.files) lint_file(file, command.options, outcome);
  return outcome;
}

}  // namespace headroom::cli
