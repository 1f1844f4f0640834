#include "controller/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/config_reader.h"

namespace headroom::controller {

namespace {

void read_capping(const runtime::ConfigReader& section, Config& config) {
  CapsTiming& timing = config.caps_timing;
  policy::CapSettings& caps = config.caps;
  timing.period = section.duration(
      "period", {.fallback = timing.period, .least = base::Milliseconds(500), .most = base::Milliseconds(60'000)});
  timing.least_interval = std::min(timing.least_interval, timing.period);
  timing.heartbeat = section.duration(
      "heartbeat",
      {.fallback = timing.heartbeat, .least = base::Milliseconds(200), .most = base::Milliseconds(10'000)});
  timing.writes_per_second =
      section.number("writesPerSecond", {.fallback = timing.writes_per_second, .least = 1, .most = 100});
  caps.newly_capped_a_minute = static_cast<std::int32_t>(
      section.integer("newlyCappedPerMinute", {.fallback = caps.newly_capped_a_minute, .least = 1, .most = 100'000}));
  caps.unheard = std::chrono::duration_cast<base::Seconds>(
      section.duration("graceTime", {.fallback = caps.unheard, .least = base::Milliseconds(1'000)}));
  config.agent_namespace = section.text("agentNamespace", config.agent_namespace);
}

}  // namespace

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
  result.heartbeat_name = lease.text("heartbeatName", result.heartbeat_name);
  read_capping(root.section("capping"), result);
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
  auto listen = config::moved_to(std::move(result->health), flags.listen_health, "--listen-health");
  if (!listen) return std::move(listen).error();
  result->health = *std::move(listen);
  return result;
}

}  // namespace headroom::controller
