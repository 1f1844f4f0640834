// The command line: where the configuration is, a few keys that may be given without a file, and questions that end the
// program at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "extender/config.h"

namespace headroom::extender {

struct Flags {
  std::string config_file;
  bool check_config = false;
  bool print_config = false;
  // Set: stands in place of the file's key.
  std::optional<std::string> kubeconfig;
  std::optional<std::string> listen_verbs;
  std::optional<std::string> listen_bind;
  std::optional<std::string> listen_health;
  std::optional<std::string> log_level;
};

// Either flags, or the exit code of a program that has already said what it had to (--help, a wrong flag).
struct ParsedFlags {
  Flags flags;
  std::optional<int> exit_code;
};
[[nodiscard]] ParsedFlags parse_flags(int argc, const char* const* argv);

// The file with the flags over it. Errors: as load_config, and for the flags' own values.
[[nodiscard]] base::Result<Config> effective_config(const Flags& flags);

}  // namespace headroom::extender
