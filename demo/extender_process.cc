#include "demo/extender_process.h"

#include <nlohmann/json.hpp>

#include "demo/json.h"
#include "runtime/file.h"
#include "runtime/http_client.h"
#include "runtime/tcp_socket.h"

namespace headroom::demo {
namespace {

std::uint16_t free_port() {
  const auto listening = runtime::listen_on("127.0.0.1", 0, 1);
  return listening ? listening->port : std::uint16_t{0};
}

}  // namespace

ExtenderProcess::ExtenderProcess(ExtenderOptions options, const Hall& hall, base::Clock& clock)
    : options_(std::move(options)), hall_(hall), clock_(clock) {
  verbs_port_ = free_port();
  bind_port_ = free_port();
  health_port_ = free_port();
}

std::string ExtenderProcess::config_text(const Hall& hall) const {
  const auto listen = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port) + "\n"; };
  std::string text =
      "# Written by the demo. Everything not here has its shipped value.\n"
      "kubeconfig: " +
      options_.api_server_url + "\nlisten:\n  verbs: " + listen(verbs_port_) + "  bind: " + listen(bind_port_) +
      "  health: " + listen(health_port_) +
      "estimates: {podRamp: 2s}\n"
      "requeue: {firstInterval: 500ms}\n"
      "telemetry:\n  discovery: {enabled: false}\n  scrapeInterval: 250ms\n  publishInterval: 100ms\n  exporters:\n";
  for (const HallNode& node : hall.nodes()) {
    for (const char* kind : {"kepler", "node_exporter"}) {
      text += "    - {name: " + std::string(kind) + "-" + node.name + ", node: " + node.name + ", url: \"" +
              options_.exporters_url + "/" + kind + "/" + node.name + "\"}\n";
    }
  }
  return text;
}

std::string ExtenderProcess::log_tail() const {
  const auto log = runtime::read_file(log_file());
  if (!log) return log.error().message;
  const std::size_t kept = 3'000;
  return log->size() > kept ? "..." + log->substr(log->size() - kept) : *log;
}

base::Result<std::string> ExtenderProcess::get(const std::string& page_url) const {
  const auto parsed = runtime::parse_url(page_url);
  if (!parsed) return parsed.error();
  runtime::HttpClientOptions options;
  options.host = parsed->host;
  options.port = parsed->port;
  options.total_timeout = base::Milliseconds(2'000);
  runtime::HttpRequest request;
  request.path = parsed->path;
  auto reply = runtime::HttpClient(options).send(request);
  if (!reply) return reply.error();
  if (reply->status != 200) return base::unavailable(page_url + ": " + reply->body);
  return std::move(reply->body);
}

base::Status ExtenderProcess::start(base::Milliseconds patience) {
  if (auto status = runtime::write_file_atomically(config_file(), config_text(hall_)); !status) return status;
  if (auto status = process_.start({options_.binary, "--config", config_file()}, log_file()); !status) return status;
  const auto deadline = clock_.mono_now() + patience;
  for (;;) {
    const auto ready = get(health_url() + "/readyz");
    if (ready) return base::ok_status();
    if (!process_.running()) return base::unavailable("the extender ended at once:\n" + log_tail());
    if (clock_.mono_now() >= deadline) {
      return base::unavailable("the extender does not get ready: " + ready.error().message + "\n" + log_tail());
    }
    (void)clock_.wait_until(clock_.mono_now() + base::Milliseconds(20), {});
  }
}

base::Result<std::vector<RackView>> ExtenderProcess::racks() const {
  const auto page = get(verbs_url() + "/debug/snapshot");
  if (!page) return page.error();
  const Json snapshot = Json::parse(*page, nullptr, false);
  if (!snapshot.is_object()) return base::unavailable("/debug/snapshot is no JSON");
  std::vector<RackView> racks;
  for (const Json& rack : snapshot.value("racks", Json::array())) {
    RackView view;
    view.name = rack.value("name", "");
    view.booked_watts = rack.value("bookedWatts", 0.0);
    view.in_flight_watts = rack.value("inFlightWatts", 0.0);
    view.limit_watts = rack.value("limitWatts", 0.0);
    view.headroom_watts = rack.value("headroomWatts", 0.0);
    const Json inlet = rack.value("inlet", Json());
    if (inlet.is_object()) {
      view.inlet_celsius = inlet.value("celsius", 0.0);
      for (const Json& limit : inlet.value("limits", Json::array())) {
        if (limit.value("limitCelsius", 0.0) == rack.value("maxInletCelsius", 0.0))
          view.hot = limit.value("hot", false);
      }
    }
    racks.push_back(std::move(view));
  }
  return racks;
}

base::Result<ExtenderProcess::Sources> ExtenderProcess::sources() const {
  const auto page = get(verbs_url() + "/debug/snapshot");
  if (!page) return page.error();
  const Json snapshot = Json::parse(*page, nullptr, false);
  if (!snapshot.is_object()) return base::unavailable("/debug/snapshot is no JSON");
  Sources sources;
  for (const Json& source : snapshot.value("sources", Json::array())) {
    ++sources.all;
    if (source.value("up", false)) ++sources.up;
  }
  return sources;
}

std::optional<double> ExtenderProcess::metric(const std::string& series) const {
  const auto page = get(health_url() + "/metrics");
  if (!page) return std::nullopt;
  const auto at = page->find("\n" + series + " ");
  if (at == std::string::npos) return std::nullopt;
  return std::strtod(page->c_str() + at + series.size() + 2, nullptr);
}

}  // namespace headroom::demo
