// The extender's configuration: one YAML file, every key with a default, so that an empty file is a working
// configuration inside a cluster. docs/configuration.md describes each key; a test holds the two together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/durations.h"
#include "base/names.h"
#include "base/result.h"
#include "config/sections.h"
#include "runtime/config_file.h"
#include "runtime/logging.h"
#include "runtime/tls.h"
#include "scoring/settings.h"
#include "telemetry/telemetry_config.h"

namespace headroom::extender {

using config::ListenConfig;
using config::parse_listen;

struct BindConfig {
  // Of one bind verb, API call included: must end before kube-scheduler's httpTimeout (5 s as shipped).
  base::Milliseconds timeout{4'000};
  // A binding whose outcome is unknown is sent again this often, until the API server says what became of it.
  base::Milliseconds repeat_interval{1'000};
};

struct RequeueConfig {
  bool enabled = true;
  base::Milliseconds first_interval{2'000};    // between two wakes of a pod
  base::Milliseconds longest_interval{8'000};  // after wakes that led nowhere
  base::Milliseconds reason_interval{30'000};  // a changed refusal reason is written at most this often
  std::int64_t patches_per_second = 50;
  // The Lease of the kube-scheduler that this extender sits beside: only the holder's extender patches. A Lease that
  // does not exist means a scheduler without leader election; an empty name means the same.
  std::string lease_namespace{base::names::kSystemNamespace};
  std::string lease_name{base::names::kSchedulerLease};
  std::string identity;  // empty: the host name, which kube-scheduler puts before the "_" of its own
};

struct Config {
  std::string kubeconfig;  // a path or an http(s) URL; empty: KUBECONFIG, else in-cluster
  std::string scheduler_name{base::names::kSchedulerName};
  std::string system_namespace{base::names::kSystemNamespace};

  ListenConfig verbs{"127.0.0.1", 9876, {}};
  ListenConfig bind_verb{"127.0.0.1", 9877, {}};
  ListenConfig health{"0.0.0.0", 9878, {}};
  int listener_threads = 32;

  base::Milliseconds decision_interval{1'000};  // books are kept at least this often
  base::Milliseconds max_books_age{15'000};     // not ready, and verbs answer Error, when the books are older
  base::Milliseconds telemetry_warmup{15'000};  // the first books wait at most this long for the first readings
  BindConfig bind;
  RequeueConfig requeue;
  scoring::Settings scoring;
  telemetry::TelemetryConfig telemetry;
  runtime::LogOptions log;
};

// Errors: invalid_input with every problem at once, one per line, each naming the key.
[[nodiscard]] base::Result<Config> read_config(const runtime::ConfigValue& tree, std::string_view source);
[[nodiscard]] base::Result<Config> load_config(const std::string& path);  // empty path: all defaults

// The effective configuration, as JSON that read_config takes. Holds no secrets: those are files.
enum class ConfigLayout { pretty, one_line };
[[nodiscard]] std::string print_config(const Config& config, ConfigLayout layout = ConfigLayout::pretty);

}  // namespace headroom::extender
