#include "extender/flags.h"

#include <CLI/CLI.hpp>

#include <utility>

namespace headroom::extender {
namespace {

struct MovedListener {
  ListenConfig& listen;
  const std::optional<std::string>& address;
  std::string_view flag;
};

base::Status replace_level(runtime::LogOptions& log, const std::optional<std::string>& text) {
  if (!text) return base::Done{};
  constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};
  for (int i = 0; i < 4; ++i) {
    if (*text != kLevels[i]) continue;
    log.level = static_cast<runtime::LogLevel>(i);
    return base::Done{};
  }
  return base::invalid_input("--log-level: must be one of: debug, info, warning, error");
}

}  // namespace

ParsedFlags parse_flags(int argc, const char* const* argv) {
  CLI::App app("Answers kube-scheduler's filter, prioritize, preempt and bind calls by rack power and temperature.",
               "headroom-extender");
  ParsedFlags parsed;
  Flags& flags = parsed.flags;
  app.add_option("--config", flags.config_file, "YAML file; docs/configuration.md lists the keys");
  app.add_flag("--check-config", flags.check_config, "read the configuration, name every problem, and end");
  app.add_flag("--print-config", flags.print_config, "print the configuration as it would be used, and end");
  app.add_option("--kubeconfig", flags.kubeconfig, "a kubeconfig file or an API server's URL");
  app.add_option("--listen-verbs", flags.listen_verbs, "address:port of filter, prioritize and preempt");
  app.add_option("--listen-bind", flags.listen_bind, "address:port of bind");
  app.add_option("--listen-health", flags.listen_health, "address:port of /livez, /readyz and /metrics");
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : 2;
  }
  return parsed;
}

base::Result<Config> effective_config(const Flags& flags) {
  auto config = load_config(flags.config_file);
  if (!config) return config;
  if (flags.kubeconfig) config->kubeconfig = *flags.kubeconfig;
  for (const MovedListener& listener : {MovedListener{config->verbs, flags.listen_verbs, "--listen-verbs"},
                                        MovedListener{config->bind_verb, flags.listen_bind, "--listen-bind"},
                                        MovedListener{config->health, flags.listen_health, "--listen-health"}}) {
    auto moved = config::moved_to(listener.listen, listener.address, listener.flag);
    if (!moved) return std::move(moved).error();
    listener.listen = *std::move(moved);
  }
  if (base::Status status = replace_level(config->log, flags.log_level); !status) return std::move(status).error();
  return config;
}

}  // namespace headroom::extender
