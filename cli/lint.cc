#include "cli/lint.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace headroom::cli {
namespace {

// Above this many nodes kube-scheduler samples at all (minFeasibleNodesToFind in schedule_one.go).
constexpr std::int64_t kSamplingStarts = 100;

std::string entry_field(std::size_t index) {
  return "extenders[" + std::to_string(index) + "]";
}

template <class Predicate>
std::size_t count_entries(const SchedulerConfig& config, Predicate matches) {
  return static_cast<std::size_t>(std::count_if(config.extenders.begin(), config.extenders.end(), matches));
}

void check_hooks(const SchedulerConfig& config, std::vector<Finding>& findings) {
  if (config.extenders.empty()) {
    findings.push_back({Severity::error, "no-extenders", "extenders", 0, "is empty: Headroom is never called"});
    return;
  }
  const std::size_t binders = count_entries(config, [](const auto& e) { return !e.bind_verb.empty(); });
  if (count_entries(config, [](const auto& e) { return !e.filter_verb.empty(); }) == 0) {
    findings.push_back({Severity::error, "missing-filter-verb", "extenders", 0,
                        "no entry has a filterVerb: no placement is ever refused"});
  }
  if (count_entries(config, [](const auto& e) { return !e.prioritize_verb.empty(); }) == 0) {
    findings.push_back({Severity::warning, "missing-prioritize-verb", "extenders", 0,
                        "no entry has a prioritizeVerb: nodes with more headroom are not preferred"});
  }
  if (binders == 0) {
    findings.push_back({Severity::error, "missing-bind-verb", "extenders", 0,
                        "no entry has a bindVerb: watts are reserved only once a bound pod is seen, so pods placed in "
                        "quick succession can together exceed a limit"});
  }
  if (binders > 1) {
    findings.push_back({Severity::error, "several-bind-verbs", "extenders", 0,
                        "more than one entry has a bindVerb: kube-scheduler does not start"});
  }
}

void check_managed_resources(const SchedulerConfig& config, std::vector<Finding>& findings) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < config.extenders.size(); ++i) {
    const ExtenderEntry& entry = config.extenders[i];
    std::set<std::string> own;
    for (const ManagedResource& resource : entry.managed_resources) own.insert(resource.name);
    for (const std::string& name : own) {
      if (seen.insert(name).second) continue;
      findings.push_back({Severity::error, "managed-resource-repeated", entry_field(i) + ".managedResources",
                          entry.line,
                          "'" + name +
                              "' stands in another entry too: kube-scheduler does not start; give all verbs "
                              "of one opt-in to one entry"});
    }
  }
  const bool some = count_entries(config, [](const auto& e) { return !e.managed_resources.empty(); }) > 0;
  for (std::size_t i = 0; some && i < config.extenders.size(); ++i) {
    const ExtenderEntry& entry = config.extenders[i];
    if (entry.bind_verb.empty() || !entry.managed_resources.empty()) continue;
    findings.push_back({Severity::warning, "managed-resources-differ", entry_field(i), entry.line,
                        "binds every pod, while another entry filters only those with its managedResources: pods are "
                        "refused at the last step instead of the first"});
  }
}

void check_sampling(const SchedulerConfig& config, const LintOptions& options, std::vector<Finding>& findings) {
  if (options.nodes.has_value() && *options.nodes <= kSamplingStarts) return;
  constexpr std::string_view kWhy =
      " above 100 nodes kube-scheduler then looks at a part of them, and a pod is refused although a node outside that "
      "part has headroom; set 100";
  for (std::size_t i = 0; i < config.profiles.size(); ++i) {
    const SchedulerProfile& profile = config.profiles[i];
    const bool own = profile.percentage_of_nodes_to_score.has_value();
    const auto percentage = own ? profile.percentage_of_nodes_to_score : config.percentage_of_nodes_to_score;
    if (percentage.value_or(0) >= 100) continue;
    const std::string field =
        own ? "profiles[" + std::to_string(i) + "].percentageOfNodesToScore" : std::string("percentageOfNodesToScore");
    const std::string what = percentage.value_or(0) == 0 ? "is not set:" : "is " + std::to_string(*percentage) + ":";
    findings.push_back({Severity::error, "sampling", field, own ? profile.line : 0, what + std::string(kWhy)});
    if (!own) return;
  }
}

void check_profiles(const SchedulerConfig& config, const LintOptions& options, std::vector<Finding>& findings) {
  const auto named = [&](std::string_view name) {
    return std::any_of(config.profiles.begin(), config.profiles.end(),
                       [&](const SchedulerProfile& profile) { return profile.scheduler_name == name; });
  };
  if (!named(options.scheduler_name)) {
    findings.push_back({Severity::warning, "scheduler-name", "profiles", 0,
                        "none has schedulerName '" + options.scheduler_name +
                            "': pods that ask for it wait for ever, and the extender wakes no others"});
  }
  if (config.profiles.size() > 1) {
    findings.push_back({Severity::note, "shared-by-profiles", "profiles", 0,
                        "extenders are shared by all profiles of a process: every profile's pods are checked"});
  }
}

void check_process(const SchedulerConfig& config, std::vector<Finding>& findings) {
  if (!config.leader_elect) {
    findings.push_back({Severity::warning, "no-leader-election", "leaderElection.leaderElect", 0,
                        "is false: with two replicas both schedule, and every extender wakes the same pods"});
  } else if (config.lease_name == "kube-scheduler" && config.lease_namespace == "kube-system") {
    findings.push_back({Severity::warning, "lease-of-the-first-scheduler", "leaderElection.resourceName", 0,
                        "is the lease of the cluster's own scheduler: only one of the two would run"});
  }
  if (config.pod_max_backoff_seconds > 10) {
    findings.push_back({Severity::warning, "long-backoff", "podMaxBackoffSeconds", 0,
                        "above 10: a refused pod waits that long even when headroom has returned"});
  }
}

}  // namespace

std::vector<Finding> lint(const SchedulerConfig& config, const LintOptions& options) {
  std::vector<Finding> findings;
  check_process(config, findings);
  check_sampling(config, options, findings);
  check_profiles(config, options, findings);
  check_hooks(config, findings);
  check_managed_resources(config, findings);
  for (std::size_t i = 0; i < config.extenders.size(); ++i) {
    std::vector<Finding> more = lint_entry(config.extenders[i], entry_field(i), options);
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  return findings;
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: return "note";
  }
  return "unknown";
}

}  // namespace headroom::cli
