#include "demo/table.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace headroom::demo {
namespace {

constexpr std::size_t kColumns = 140;

std::string reasons_of(const SchedulerView& scheduler, const std::string& rack) {
  std::string text;
  const auto found = scheduler.refused.find(rack);
  if (found == scheduler.refused.end()) return text;
  for (const auto& [reason, count] : found->second) {
    text += (text.empty() ? "" : "; ") + std::to_string(count) + " x " + reason;
  }
  return text;
}

std::string rack_line(const RackView& rack, const SchedulerView& scheduler) {
  const auto placed = std::count_if(scheduler.placements.begin(), scheduler.placements.end(),
                                    [&](const Placement& placement) { return placement.rack == rack.name; });
  std::array<char, 32> inlet{};
  if (rack.inlet_celsius) {
    std::snprintf(inlet.data(), inlet.size(), "%.1f%s", *rack.inlet_celsius, rack.hot ? " HOT" : "");
  } else {
    std::snprintf(inlet.data(), inlet.size(), "-");
  }
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), "%-8s %8.0f %10.0f %8.0f %10.0f  %-9s %6ld  ", rack.name.c_str(),
                rack.booked_watts, rack.in_flight_watts, rack.limit_watts, rack.headroom_watts, inlet.data(),
                static_cast<long>(placed));
  return (line.data() + reasons_of(scheduler, rack.name)).substr(0, kColumns);
}

std::string cap_line(const CapRow& cap) {
  std::string read_back;
  for (const double watts : cap.read_back) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.0f", watts);
    read_back += (read_back.empty() ? "" : " + ") + std::string(text.data());
  }
  const std::string asked = cap.asked ? std::to_string(*cap.asked) : "-";
  std::array<char, 120> line{};
  std::snprintf(line.data(), line.size(), "%-10s %22s  %12s  %s", cap.node.c_str(), asked.c_str(), read_back.c_str(),
                cap.state.c_str());
  return line.data();
}

}  // namespace

std::string render_table(const TableView& view) {
  std::string text =
      "rack       load W  in flight  limit W   headroom  inlet C   placed  pods refused on the whole rack\n";
  for (const RackView& rack : view.racks) text += rack_line(rack, view.scheduler) + "\n";
  text += "waiting: " + std::to_string(view.scheduler.waiting.size()) + " pods";
  if (!view.scheduler.waiting.empty()) {
    const auto& [pod, why] = *view.scheduler.waiting.begin();
    text += ", for example " + pod + ": " + why;
  }
  text += "\n";
  if (!view.caps.empty()) text += "capped node  asked of a package W   read back W  its agent is\n";
  for (const CapRow& cap : view.caps) text += cap_line(cap) + "\n";
  return text;
}

}  // namespace headroom::demo
