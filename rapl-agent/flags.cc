#include <CLI/CLI.hpp>

#include "rapl-agent/config.h"

namespace headroom::rapl_agent {

ParsedFlags parse_flags(int argc, const char* const* argv) {
  CLI::App app("Applies power caps on this node and says what is in force.", "rapl-agent");
  ParsedFlags parsed;
  Flags& flags = parsed.flags;
  app.add_option("--config", flags.config_file, "YAML file; docs/configuration.md lists the keys");
  app.add_flag("--check-config", flags.check_config, "read the configuration, name every problem, and end");
  app.add_option("--kubeconfig", flags.kubeconfig, "a kubeconfig file or an API server's URL");
  app.add_option("--node-name", flags.node_name, "the node that this machine is")->envname("NODE_NAME");
  app.add_option("--mode", flags.mode, "Observe, DryRun or Enforce");
  app.add_option("--listen-health", flags.listen_health, "address:port of /livez, /readyz, /metrics and /debug/state");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : 2;
  }
  return parsed;
}

}  // namespace headroom::rapl_agent
