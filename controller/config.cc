#include "controller/config.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "runtime/config_reader.h"

namespace headroom::controller {

base::Result<Config> read_config(const runtime::ConfigValue& tree, std::string_view source) {
  const runtime::ConfigReader root(tree, std::string(source));
  Config result;
  result.kubeconfig = root.text("kubeconfig", "");
  result.system_namespace = root.text("systemNamespace", result.system_namespace);
  result.health = config::read_listen(root.section("listen"), "health", result.health);
  result.health.tls = config::read_tls(root.section("tls"), "health");
  result.status_interval = root.duration(
      "statusInterval",
      {.fallback = result.status_interval, .least = base::Milliseconds(100), .most = base::Milliseconds(10'000)});
  result.max_books_age =
      root.duration("maxBooksAge", {.fallback = result.max_books_age, .least = base::Milliseconds(2'000)});
  const runtime::ConfigReader lease = root.section("lease");
  result.lease_name = lease.text("name", result.lease_name);
  result.identity = lease.text("identity", "");
  result.scoring = config::read_scoring(root);
  result.telemetry = config::read_telemetry(root.section("telemetry"));
  result.scoring.discovery_namespaces = result.telemetry.discovery.namespaces;
  result.log = config::read_log(root.section("log"));
  if (auto status = root.finish(); !status) return std::move(status).error();
  return result;
}

base::Result<Config> load_config(const std::string& path) {
  if (path.empty()) return read_config(runtime::ConfigValue(), "configuration");
  auto tree = runtime::read_yaml_file(path);
  if (!tree) return std::move(tree).error();
  return read_config(*tree, path);
}

ParsedFlags parse_flags(int argc, const char* const* argv) {
  CLI::App app("Writes the status of PowerCappingPolicy and PowerTopology objects.", "headroom-controller");
  ParsedFlags parsed;
  Flags& flags = parsed.flags;
  app.add_option("--config", flags.config_file, "YAML file; docs/configuration.md lists the keys");
  app.add_flag("--check-config", flags.check_config, "read the configuration, name every problem, and end");
  app.add_option("--kubeconfig", flags.kubeconfig, "a kubeconfig file or an API server's URL");
  app.add_option("--listen-health", flags.listen_health, "address:port of /livez, /readyz and /metrics");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : 2;
  }
  return parsed;
}

base::Result<Config> effective_config(const Flags& flags) {
  auto result = load_config(flags.config_file);
  if (!result) return result;
  if (flags.kubeconfig) result->kubeconfig = *flags.kubeconfig;
  if (!flags.listen_health) return result;
  auto listen = config::parse_listen(*flags.listen_health);
  if (!listen) return base::with_context(std::move(listen).error(), "--listen-health");
  listen->tls = std::move(result->health.tls);
  result->health = *std::move(listen);
  return result;
}

}  // namespace headroom::controller
