#include "demo/exporter_pages.h"

#include <array>
#include <cstdio>

namespace headroom::demo {
namespace {

std::string number(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.6f", value);
  return text.data();
}

void family(std::string& page, const std::string& name, const char* type, const char* help) {
  page += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void sample(std::string& page, const std::string& name, const std::string& labels, double value) {
  page += name + "{" + labels + "} " + number(value) + "\n";
}

// Zones overlap as on real machines: the package contains the cores, psys contains everything. `watts` is what package
// and dram read together.
struct Zone {
  const char* name;
  double share;
};
constexpr std::array<Zone, 3> kZones{{{"package", 0.9}, {"core", 0.63}, {"dram", 0.1}}};

std::string zone_labels(const std::string& node, const std::string& zone) {
  std::string labels = "node_name=\"";
  return labels.append(node).append("\",path=\"aggregated-").append(zone).append("\",zone=\"").append(zone) += '"';
}

std::string current_page(const PageRequest& request, EnergyCounters& counters) {
  const std::string& node = request.node.name;
  const double watts = request.hall.cpu_watts(node, request.now);
  std::string page;
  family(page, "kepler_node_cpu_watts", "gauge", "Power consumption of cpu at node level in watts");
  for (const Zone& zone : kZones) {
    sample(page, "kepler_node_cpu_watts", zone_labels(node, zone.name), watts * zone.share);
  }
  family(page, "kepler_node_cpu_joules_total", "counter", "Energy consumption of cpu at node level in joules");
  for (const Zone& zone : kZones) {
    sample(page, "kepler_node_cpu_joules_total", zone_labels(node, zone.name),
           counters.joules(node + zone.name, watts * zone.share, request.now));
  }
  family(page, "kepler_pod_cpu_watts", "gauge", "Power consumption of cpu at pod level in watts");
  for (const PodDraw& pod : request.hall.pods(node, request.now)) {
    for (const Zone& zone : kZones) {
      sample(page, "kepler_pod_cpu_watts",
             "node_name=\"" + node + "\",pod_name=\"" + pod.name + "\",pod_namespace=\"" + pod.ns +
                 "\",state=\"running\",zone=\"" + zone.name + "\"",
             pod.watts * zone.share);
    }
  }
  return page;
}

std::string legacy_page(const PageRequest& request, EnergyCounters& counters) {
  const std::string& node = request.node.name;
  const double watts = request.hall.cpu_watts(node, request.now);
  std::string page;
  for (const Zone& zone : kZones) {
    const std::string name = std::string("kepler_node_") + zone.name + "_joules_total";
    family(page, name, "counter", "Aggregated value in joules");
    for (const auto& [mode, share] : {std::pair{"dynamic", 0.4}, std::pair{"idle", 0.6}}) {
      sample(page, name, "instance=\"" + node + "\",mode=\"" + mode + "\",package=\"0\",source=\"intel_rapl\"",
             counters.joules(node + zone.name + mode, watts * zone.share * share, request.now));
    }
  }
  family(page, "kepler_container_joules_total", "counter", "Aggregated RAPL value in joules");
  for (const PodDraw& pod : request.hall.pods(node, request.now)) {
    sample(page, "kepler_container_joules_total",
           "container_id=\"" + pod.name + "\",container_name=\"c\",container_namespace=\"" + pod.ns +
               "\",mode=\"dynamic\",pod_name=\"" + pod.name + "\"",
           counters.joules(node + "/" + pod.ns + "/" + pod.name, pod.watts, request.now));
  }
  return page;
}

std::string aliases_page(const PageRequest& request) {
  const std::string labels = "node=\"" + request.node.name + "\"";
  const double watts = request.hall.cpu_watts(request.node.name, request.now);
  std::string page;
  family(page, "kepler_node_power_watts", "gauge", "Power of the node in watts");
  sample(page, "kepler_node_power_watts", labels, watts);
  family(page, "kepler_node_cpu_power_watts", "gauge", "Power of the node's CPUs in watts");
  sample(page, "kepler_node_cpu_power_watts", labels, watts);
  return page;
}

}  // namespace

double EnergyCounters::joules(const std::string& name, double watts, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  Counter& counter = counters_.try_emplace(name, Counter{1'000, now}).first->second;
  // Two scrapers at once: time never runs backwards.
  if (now > counter.at) {
    counter.joules += watts * static_cast<double>((now - counter.at).count()) / 1e6;
    counter.at = now;
  }
  return counter.joules;
}

std::string kepler_page(const PageRequest& request, KeplerDialect dialect, EnergyCounters& counters) {
  switch (dialect) {
    case KeplerDialect::current: return current_page(request, counters);
    case KeplerDialect::legacy: return legacy_page(request, counters);
    case KeplerDialect::aliases: return aliases_page(request);
  }
  return {};
}

std::string hwmon_page(const PageRequest& request) {
  std::string page;
  family(page, "node_hwmon_chip_names", "gauge", "Annotation metric for human-readable chip names");
  page += "node_hwmon_chip_names{chip=\"coretemp\",chip_name=\"coretemp\"} 1\n";
  page += "node_hwmon_chip_names{chip=\"inlet_sensor\",chip_name=\"inlet_sensor\"} 1\n";
  family(page, "node_hwmon_sensor_label", "gauge", "Label for given chip and sensor");
  page += "node_hwmon_sensor_label{chip=\"coretemp\",label=\"Package id 0\",sensor=\"temp1\"} 1\n";
  page += "node_hwmon_sensor_label{chip=\"inlet_sensor\",label=\"Inlet Temp\",sensor=\"temp1\"} 1\n";
  family(page, "node_hwmon_temp_celsius", "gauge", "Hardware monitor for temperature (input)");
  const double inlet = request.hall.inlet_celsius(request.node.rack, request.now);
  const double watts = request.hall.cpu_watts(request.node.name, request.now);
  sample(page, "node_hwmon_temp_celsius", "chip=\"coretemp\",sensor=\"temp1\"", inlet + 8 + watts * 0.12);
  sample(page, "node_hwmon_temp_celsius", "chip=\"inlet_sensor\",sensor=\"temp1\"", inlet);
  return page;
}

}  // namespace headroom::demo
