// The parts of a KubeSchedulerConfiguration that decide how kube-scheduler calls an extender, as plain values.
//
// Field names and defaults: kubescheduler.config.k8s.io/v1, staging/src/k8s.io/kube-scheduler/config/v1/types.go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/durations.h"
#include "base/result.h"
#include "runtime/config_file.h"

namespace headroom::cli {

struct ManagedResource {
  std::string name;
  bool ignored_by_scheduler = false;
};

struct ExtenderEntry {
  int line = 0;  // where it begins in the file
  std::string url_prefix;
  std::string filter_verb;
  std::string prioritize_verb;
  std::string preempt_verb;
  std::string bind_verb;
  std::int64_t weight = 0;
  std::optional<base::Milliseconds> http_timeout;  // absent or 0: kube-scheduler takes 5 s
  bool enable_https = false;
  bool node_cache_capable = false;
  bool ignorable = false;
  bool tls_insecure = false;
  bool tls_has_ca = false;
  bool tls_has_client_certificate = false;
  std::vector<ManagedResource> managed_resources;
};

struct SchedulerProfile {
  int line = 0;
  std::string scheduler_name = "default-scheduler";
  std::optional<std::int64_t> percentage_of_nodes_to_score;
};

struct SchedulerConfig {
  bool leader_elect = true;
  std::string lease_name = "kube-scheduler";
  std::string lease_namespace = "kube-system";
  std::optional<std::int64_t> percentage_of_nodes_to_score;  // absent or 0: kube-scheduler samples, 5..50 %
  std::int64_t pod_max_backoff_seconds = 10;
  std::vector<SchedulerProfile> profiles;  // never empty: without any, kube-scheduler has the default one
  std::vector<ExtenderEntry> extenders;
};

// Errors: invalid_input with every problem, one per line, each naming the field and the line: another kind or version,
// a value of a wrong type, a key that an extender entry does not have (kube-scheduler refuses to start with those).
[[nodiscard]] base::Result<SchedulerConfig> read_scheduler_config(const runtime::ConfigValue& tree);

// "5s", "1m30s", "1.5h", "250ms": what Go's time.ParseDuration takes, down to milliseconds. Nothing: it is none.
[[nodiscard]] std::optional<base::Milliseconds> parse_go_duration(const std::string& text);

}  // namespace headroom::cli
