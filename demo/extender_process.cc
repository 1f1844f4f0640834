#include "demo/extender_process.h"

#include <nlohmann/json.hpp>

#include "demo/json.h"

namespace headroom::demo {

std::string exporters_section(const Hall& hall, const std::string& exporters_url) {
  std::string text = "telemetry:\n  discovery: {enabled: false}\n  scrapeInterval: 250ms\n  publishInterval: 100ms\n";
  text += "  exporters:\n";
  for (const HallNode& node : hall.nodes()) {
    for (const char* kind : {"kepler", "node_exporter"}) {
      text += "    - {name: " + std::string(kind) + "-" + node.name + ", node: " + node.name + ", url: \"" +
              exporters_url + "/" + kind + "/" + node.name + "\"}\n";
    }
  }
  return text;
}

ExtenderProcess::ExtenderProcess(const ExtenderOptions& options, const Hall& hall, base::Clock& clock)
    : ExtenderProcess(options, hall, clock, Ports()) {}

ExtenderProcess::ExtenderProcess(const ExtenderOptions& options, const Hall& hall, base::Clock& clock, Ports ports)
    : verbs_port_(ports.verbs),
      bind_port_(ports.bind),
      program_({.binary = options.binary,
                .folder = options.folder,
                .name = "extender",
                .config = "# Written by the demo. Everything not here has its shipped value.\nkubeconfig: " +
                          options.api_server_url + "\nlisten:\n  verbs: 127.0.0.1:" + std::to_string(ports.verbs) +
                          "\n  bind: 127.0.0.1:" + std::to_string(ports.bind) +
                          "\n  health: 127.0.0.1:" + std::to_string(ports.health) +
                          "\nestimates: {podRamp: 2s}\nrequeue: {firstInterval: 500ms}\n" +
                          exporters_section(hall, options.exporters_url),
                .ready = "/readyz",
                .health_port = ports.health},
               clock) {}

base::Result<std::vector<RackView>> ExtenderProcess::racks() const {
  const auto page = read_page(verbs_url() + "/debug/snapshot");
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
  const auto page = read_page(verbs_url() + "/debug/snapshot");
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

}  // namespace headroom::demo
