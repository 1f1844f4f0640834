#include <nlohmann/json.hpp>

#include "extender/config.h"

namespace headroom::extender {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(base::Milliseconds duration) {
  if (duration.count() % 1'000 == 0) return std::to_string(duration.count() / 1'000) + "s";
  return std::to_string(duration.count()) + "ms";
}

std::string text_of(const ListenConfig& listen) {
  const bool v6 = listen.address.find(':') != std::string::npos;
  return (v6 ? "[" + listen.address + "]" : listen.address) + ":" + std::to_string(listen.port);
}

Json tls_of(const Config& config) {
  Json out = Json::object();
  const auto add = [&](const char* key, const ListenConfig& listen) {
    if (!listen.tls) return;
    out[key] = {{"certFile", listen.tls->cert_file},
                {"keyFile", listen.tls->key_file},
                {"clientCAFile", listen.tls->client_ca_file},
                {"allowedClientSANs", listen.tls->allowed_client_sans}};
  };
  add("verbs", config.verbs);
  add("bind", config.bind_verb);
  add("health", config.health);
  return out;
}

Json requeue_of(const RequeueConfig& requeue) {
  return {{"enabled", requeue.enabled},
          {"firstInterval", text_of(requeue.first_interval)},
          {"longestInterval", text_of(requeue.longest_interval)},
          {"reasonInterval", text_of(requeue.reason_interval)},
          {"patchesPerSecond", requeue.patches_per_second},
          {"lease",
           {{"namespace", requeue.lease_namespace}, {"name", requeue.lease_name}, {"identity", requeue.identity}}}};
}

Json class_of(const model::NodeClass& node_class) {
  Json out = {{"idleWatts", base::to_watts(node_class.idle)}};
  if (node_class.max) out["maxWatts"] = base::to_watts(*node_class.max);
  out["wattsPerCore"] = base::to_watts(node_class.watts_per_core);
  out["overheadWatts"] = base::to_watts(node_class.overhead);
  Json devices = Json::object();
  for (const auto& [device, watts] : node_class.device_watts) devices[device] = base::to_watts(watts);
  out["deviceWatts"] = devices;
  return out;
}

Json estimates_of(const scoring::Settings& settings) {
  return {{"minPodWatts", base::to_watts(settings.min_pod)},
          {"maxPodWattsOfUnknownClass", base::to_watts(settings.unknown_class_pod_max)},
          {"podRamp", text_of(settings.ramp)},
          {"deletedNodeHold", text_of(settings.deleted_node_hold)},
          {"inletRestartHold", text_of(settings.inlet_restart_hold)},
          {"fallTimeConstant", text_of(settings.fall_time_constant)}};
}

Json auth_of(const telemetry::EndpointAuth& auth) {
  return {{"caFile", auth.tls.ca_file},
          {"serverName", auth.tls.server_name},
          {"certFile", auth.tls.cert_file},
          {"keyFile", auth.tls.key_file},
          {"insecureSkipVerify", auth.tls.insecure},
          {"bearerTokenFile", auth.bearer_token_file},
          {"basicUser", auth.basic_user},
          {"basicPasswordFile", auth.basic_password_file}};
}

Json telemetry_of(const telemetry::TelemetryConfig& config) {
  Json exporters = Json::array();
  for (const auto& exporter : config.exporters) {
    exporters.push_back(
        {{"name", exporter.name}, {"url", exporter.url}, {"node", exporter.node}, {"auth", auth_of(exporter.auth)}});
  }
  Json prometheus = Json::array();
  for (const auto& server : config.prometheus) {
    prometheus.push_back({{"name", server.name},
                          {"url", server.url},
                          {"auth", auth_of(server.auth)},
                          {"readExporters", server.read_exporters}});
  }
  Json bmc_nodes = Json::object();
  for (const auto& [address, node] : config.bmc_nodes) bmc_nodes[address] = node;
  return {{"discovery",
           {{"enabled", config.discovery.enabled},
            {"namespaces", config.discovery.namespaces},
            {"auth", auth_of(config.discovery.auth)}}},
          {"exporters", exporters},
          {"prometheus", prometheus},
          {"bmcNodes", bmc_nodes},
          {"scrapeInterval", text_of(config.scrape_interval)},
          {"prometheusInterval", text_of(config.prometheus_interval)},
          {"timeout", text_of(config.timeout)},
          {"publishInterval", text_of(config.publish_interval)},
          {"concurrency", config.concurrency},
          {"bodyLimitBytes", config.body_limit}};
}

Json log_of(const runtime::LogOptions& log) {
  constexpr const char* kLevels[] = {"debug", "info", "warning", "error"};
  constexpr const char* kFormats[] = {"auto", "json", "text"};
  return {{"level", kLevels[static_cast<int>(log.level)]}, {"format", kFormats[static_cast<int>(log.format)]}};
}

}  // namespace

std::string print_config(const Config& config, ConfigLayout layout) {
  const Json out = {
      {"kubeconfig", config.kubeconfig},
      {"schedulerName", config.scheduler_name},
      {"systemNamespace", config.system_namespace},
      {"listen",
       {{"verbs", text_of(config.verbs)},
        {"bind", text_of(config.bind_verb)},
        {"health", text_of(config.health)},
        {"threads", config.listener_threads}}},
      {"tls", tls_of(config)},
      {"decisionInterval", text_of(config.decision_interval)},
      {"maxBooksAge", text_of(config.max_books_age)},
      {"telemetryWarmup", text_of(config.telemetry_warmup)},
      {"bind", {{"timeout", text_of(config.bind.timeout)}, {"repeatInterval", text_of(config.bind.repeat_interval)}}},
      {"requeue", requeue_of(config.requeue)},
      {"defaultNodeClass", class_of(config.scoring.default_class)},
      {"estimates", estimates_of(config.scoring)},
      {"telemetry", telemetry_of(config.telemetry)},
      {"log", log_of(config.log)}};
  return out.dump(layout == ConfigLayout::pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headroom::extender
