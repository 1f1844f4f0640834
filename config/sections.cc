#include "config/sections.h"

#include <charconv>
#include <utility>

namespace headroom::config {
namespace {

using runtime::ConfigReader;

base::Power read_watts(const ConfigReader& section, std::string_view key, base::Power fallback) {
  const double watts = section.number(key, {.fallback = base::to_watts(fallback), .least = 0, .most = 10e6});
  return base::power_from_watts(watts).value_or(fallback);
}

// Given device watts replace the shipped ones of the same name and leave the others.
model::NodeClass read_node_class(const ConfigReader& section, model::NodeClass node_class) {
  node_class.idle = read_watts(section, "idleWatts", node_class.idle);
  if (section.has("maxWatts")) {
    node_class.max = read_watts(section, "maxWatts", base::Power());
    if (*node_class.max < node_class.idle) section.problem("maxWatts", "must not be below idleWatts");
  }
  node_class.watts_per_core = read_watts(section, "wattsPerCore", node_class.watts_per_core);
  node_class.overhead = read_watts(section, "overheadWatts", node_class.overhead);
  for (const auto& [device, watts] : section.named_numbers("deviceWatts")) {
    const auto power = base::power_from_watts(watts);
    if (!power || *power < base::Power() || *power > base::watts(100'000)) {
      section.problem("deviceWatts." + device, "must be watts between 0 and 100000");
      continue;
    }
    node_class.device_watts[device] = *power;
  }
  return node_class;
}

base::Seconds read_seconds(const ConfigReader& section, std::string_view key, base::Seconds fallback) {
  return std::chrono::duration_cast<base::Seconds>(section.duration(key, {.fallback = fallback}));
}

}  // namespace

ListenConfig read_listen(const ConfigReader& section, std::string_view key, ListenConfig fallback) {
  if (!section.has(key)) return fallback;
  const std::string text = section.text(key, "");
  auto listen = parse_listen(text);
  if (!listen) {
    section.problem(key, listen.error().message);
    return fallback;
  }
  return *std::move(listen);
}

base::Result<ListenConfig> moved_to(ListenConfig listen, const std::optional<std::string>& address,
                                    std::string_view flag) {
  if (!address) return listen;
  auto parsed = parse_listen(*address);
  if (!parsed) return base::with_context(std::move(parsed).error(), flag);
  parsed->tls = std::move(listen.tls);
  return parsed;
}

std::optional<runtime::ServerTls> read_tls(const ConfigReader& tls, std::string_view key) {
  if (!tls.has(key)) return std::nullopt;
  const ConfigReader section = tls.section(key);
  runtime::ServerTls server;
  server.cert_file = section.required_text("certFile");
  server.key_file = section.required_text("keyFile");
  server.client_ca_file = section.text("clientCAFile", "");
  server.allowed_client_sans = section.text_list("allowedClientSANs");
  if (!server.allowed_client_sans.empty() && server.client_ca_file.empty()) {
    section.problem("allowedClientSANs", "needs clientCAFile");
  }
  return server;
}

scoring::Settings read_scoring(const ConfigReader& root) {
  scoring::Settings settings;
  settings.default_class = read_node_class(root.section("defaultNodeClass"), settings.default_class);
  const ConfigReader section = root.section("estimates");
  settings.min_pod = read_watts(section, "minPodWatts", settings.min_pod);
  settings.unknown_class_pod_max = read_watts(section, "maxPodWattsOfUnknownClass", settings.unknown_class_pod_max);
  settings.ramp = read_seconds(section, "podRamp", settings.ramp);
  settings.deleted_node_hold = read_seconds(section, "deletedNodeHold", settings.deleted_node_hold);
  settings.inlet_restart_hold = read_seconds(section, "inletRestartHold", settings.inlet_restart_hold);
  settings.fall_time_constant =
      section.duration("fallTimeConstant", {.fallback = settings.fall_time_constant, .most = base::Seconds(5)});
  return settings;
}

runtime::LogOptions read_log(const ConfigReader& section) {
  runtime::LogOptions log;
  log.level = static_cast<runtime::LogLevel>(section.choice("level", {"debug", "info", "warning", "error"}, 1));
  log.format = static_cast<runtime::LogFormat>(section.choice("format", {"auto", "json", "text"}, 0));
  return log;
}

base::Result<ListenConfig> parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return base::invalid_input("must be address:port");
  std::string_view address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string_view::npos) {
    return base::invalid_input("an IPv6 address stands in brackets: [::1]:9876");
  }
  const std::string_view digits = text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port > 65'535) {
    return base::invalid_input("the port must be 0..65535");
  }
  ListenConfig listen;
  listen.address = address.empty() ? "0.0.0.0" : std::string(address);
  listen.port = static_cast<std::uint16_t>(port);
  return listen;
}

}  // namespace headroom::config
