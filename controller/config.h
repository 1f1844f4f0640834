// The controller's configuration: one YAML file, every key with a default, so that an empty file is a working
// configuration inside a cluster. Keys that the extender has too are spelled and read alike: keep them equal, so that
// both see the same watts. docs/configuration.md describes each key.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/durations.h"
#include "base/names.h"
#include "base/result.h"
#include "config/sections.h"
#include "controller/caps_timing.h"
#include "policy/allocate.h"
#include "runtime/config_file.h"

namespace headroom::controller {

struct Config {
  std::string kubeconfig;  // a path or an http(s) URL; empty: KUBECONFIG, else in-cluster
  std::string system_namespace{base::names::kSystemNamespace};
  config::ListenConfig health{"0.0.0.0", 9879, {}};
  base::Milliseconds status_interval{1'000};  // books are kept, and statuses planned, this often
  base::Milliseconds max_books_age{15'000};   // not ready when the books are older
  std::string lease_name{base::names::kControllerLease};
  std::string identity;  // empty: host name and a random part
  std::string heartbeat_name{base::names::kHeartbeatLease};
  std::string agent_namespace{base::names::kAgentNamespace};  // whose pods are node agents
  CapsTiming caps_timing;
  policy::CapSettings caps;
  scoring::Settings scoring;
  telemetry::TelemetryConfig telemetry;
  runtime::LogOptions log;
};

// Errors: invalid_input with every problem at once, one per line, each naming the key.
[[nodiscard]] base::Result<Config> read_config(const runtime::ConfigValue& tree, std::string_view source);
[[nodiscard]] base::Result<Config> load_config(const std::string& path);  // empty path: all defaults

struct Flags {
  std::string config_file;
  bool check_config = false;
  // Set: stands in place of the file's key.
  std::optional<std::string> kubeconfig;
  std::optional<std::string> listen_health;
};

// Either flags, or the exit code of a program that has already said what it had to (--help, a wrong flag).
struct ParsedFlags {
  Flags flags;
  std::optional<int> exit_code;
};
[[nodiscard]] ParsedFlags parse_flags(int argc, const char* const* argv);

// The file with the flags over it.
[[nodiscard]] base::Result<Config> effective_config(const Flags& flags);

}  // namespace headroom::controller
