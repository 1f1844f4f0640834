// Known traps of a KubeSchedulerConfiguration that calls Headroom. Pure: values in, findings out.
//
// Where the traps come from: kube-scheduler 1.35 to 1.37, pkg/scheduler/extender.go and apis/config/validation; what
// was measured on the real one is told in docs/operations.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/durations.h"
#include "base/names.h"
#include "cli/scheduler_config.h"

namespace headroom::cli {

enum class Severity {
  error,    // kube-scheduler will not start, or limits will not hold
  warning,  // works, but not as somebody expects
  note,     // worth knowing; not counted as a finding by the exit status
};

struct Finding {
  Severity severity = Severity::warning;
  std::string rule;   // "node-cache-incapable": stable, for scripts
  std::string field;  // "extenders[0].nodeCacheCapable"
  int line = 0;       // 0: about the file as a whole
  std::string message;

  bool operator==(const Finding&) const = default;
};

struct LintOptions {
  std::string scheduler_name{base::names::kSchedulerName};
  // Of the cluster. Nothing: unknown, taken as more than 100.
  std::optional<std::int64_t> nodes{};
  // The extender's own limit for one bind (bind.timeout of its configuration).
  base::Milliseconds bind_timeout{3'000};
};

// In the order of the file: first what concerns it as a whole, then entry by entry.
[[nodiscard]] std::vector<Finding> lint(const SchedulerConfig& config, const LintOptions& options);

// What concerns one entry alone. `field` is "extenders[i]".
[[nodiscard]] std::vector<Finding> lint_entry(const ExtenderEntry& entry, std::string_view field,
                                              const LintOptions& options);

[[nodiscard]] std::string_view to_string(Severity severity);

}  // namespace headroom::cli
