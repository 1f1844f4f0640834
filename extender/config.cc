#include "extender/config.h"

#include <utility>

#include "runtime/config_reader.h"

namespace headroom::extender {
namespace {

using config::read_listen;
using config::read_tls;
using runtime::ConfigReader;

void read_listeners(const ConfigReader& root, Config& config) {
  const ConfigReader listen = root.section("listen");
  config.verbs = read_listen(listen, "verbs", config.verbs);
  config.bind_verb = read_listen(listen, "bind", config.bind_verb);
  config.health = read_listen(listen, "health", config.health);
  config.listener_threads =
      static_cast<int>(listen.integer("threads", {.fallback = config.listener_threads, .least = 2, .most = 1'024}));
  const ConfigReader tls = root.section("tls");
  config.verbs.tls = read_tls(tls, "verbs");
  config.bind_verb.tls = read_tls(tls, "bind");
  config.health.tls = read_tls(tls, "health");
}

BindConfig read_bind(const ConfigReader& section) {
  BindConfig bind;
  const base::Milliseconds least(100);
  bind.timeout = section.duration("timeout", {.fallback = bind.timeout, .least = least});
  bind.repeat_interval = section.duration("repeatInterval", {.fallback = bind.repeat_interval, .least = least});
  return bind;
}

RequeueConfig read_requeue(const ConfigReader& section) {
  RequeueConfig requeue;
  requeue.enabled = section.flag("enabled", requeue.enabled);
  const base::Milliseconds least(100);
  requeue.first_interval = section.duration("firstInterval", {.fallback = requeue.first_interval, .least = least});
  requeue.longest_interval =
      section.duration("longestInterval", {.fallback = requeue.longest_interval, .least = least});
  if (requeue.longest_interval < requeue.first_interval) {
    section.problem("longestInterval", "must not be below firstInterval");
  }
  requeue.reason_interval = section.duration("reasonInterval", {.fallback = requeue.reason_interval, .least = least});
  requeue.patches_per_second =
      section.integer("patchesPerSecond", {.fallback = requeue.patches_per_second, .least = 1, .most = 10'000});
  const ConfigReader lease = section.section("lease");
  requeue.lease_namespace = lease.text("namespace", requeue.lease_namespace);
  requeue.lease_name = lease.text("name", requeue.lease_name);
  requeue.identity = lease.text("identity", "");
  return requeue;
}

}  // namespace

base::Result<Config> read_config(const runtime::ConfigValue& tree, std::string_view source) {
  const ConfigReader root(tree, std::string(source));
  Config config;
  config.kubeconfig = root.text("kubeconfig", "");
  config.scheduler_name = root.text("schedulerName", config.scheduler_name);
  config.system_namespace = root.text("systemNamespace", config.system_namespace);
  read_listeners(root, config);
  config.decision_interval = root.duration(
      "decisionInterval",
      {.fallback = config.decision_interval, .least = base::Milliseconds(50), .most = base::Milliseconds(1'000)});
  config.max_books_age =
      root.duration("maxBooksAge", {.fallback = config.max_books_age, .least = base::Milliseconds(2'000)});
  config.telemetry_warmup = root.duration("telemetryWarmup", {.fallback = config.telemetry_warmup});
  config.bind = read_bind(root.section("bind"));
  config.requeue = read_requeue(root.section("requeue"));
  config.scoring = config::read_scoring(root);
  config.telemetry = config::read_telemetry(root.section("telemetry"));
  config.scoring.discovery_namespaces = config.telemetry.discovery.namespaces;
  config.log = config::read_log(root.section("log"));
  if (auto status = root.finish(); !status) return std::move(status).error();
  return config;
}

base::Result<Config> load_config(const std::string& path) {
  if (path.empty()) return read_config(runtime::ConfigValue(), "configuration");
  auto tree = runtime::read_yaml_file(path);
  if (!tree) return std::move(tree).error();
  return read_config(*tree, path);
}

}  // namespace headroom::extender
