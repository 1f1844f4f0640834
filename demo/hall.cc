#include "demo/hall.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace headroom::demo {
namespace {

double milliseconds(base::Microseconds span) {
  return static_cast<double>(span.count()) / 1'000.0;
}

// The same for the same node and quarter of a second, so that two scrapers see one world. From -1 to 1.
double noise(const std::string& node, base::MonoTime now) {
  const auto step = static_cast<std::size_t>(now.time_since_epoch().count() / 250'000);
  const std::size_t hash = std::hash<std::string>{}(node + "/" + std::to_string(step));
  return static_cast<double>(hash % 2'001) / 1'000.0 - 1.0;
}

}  // namespace

Hall::Hall(const HallOptions& options) : options_(options) {
  for (int rack = 0; rack < options.racks; ++rack) {
    racks_.push_back(std::string("rack-") + static_cast<char>('a' + rack));
    air_[racks_.back()] = {options.usual_celsius, options.usual_celsius, base::MonoTime()};
    for (int node = 1; node <= options.nodes_per_rack; ++node) {
      nodes_.push_back({racks_.back() + "-n" + std::to_string(node), racks_.back()});
    }
  }
}

void Hall::place(const std::string& node, const PodDraw& pod, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  pods_[node].try_emplace(pod.ns + "/" + pod.name, RunningPod{pod, now});
}

void Hall::keep_only(const std::string& node, const std::vector<std::string>& present) {
  const std::lock_guard lock(mutex_);
  std::erase_if(pods_[node], [&](const auto& entry) {
    return std::find(present.begin(), present.end(), entry.first) == present.end();
  });
}

void Hall::set_air(const std::string& rack, double celsius, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  Air& air = air_.at(rack);
  air = {celsius_of(air, now), celsius, now};
}

double Hall::watts_of(const RunningPod& pod, base::MonoTime now) const {
  const double grown = milliseconds(now - pod.since) / static_cast<double>(options_.pod_ramp.count());
  return pod.draw.watts * std::clamp(grown, 0.0, 1.0);
}

double Hall::celsius_of(const Air& air, base::MonoTime now) const {
  const double age = milliseconds(now - air.since) / static_cast<double>(options_.air_constant.count());
  return air.target + (air.from - air.target) * std::exp(-age);
}

double Hall::cpu_watts(const std::string& node, base::MonoTime now) const {
  double watts = options_.idle_cpu_watts + options_.noise_watts * noise(node, now);
  for (const PodDraw& pod : pods(node, now)) watts += pod.watts;
  return watts;
}

std::vector<PodDraw> Hall::pods(const std::string& node, base::MonoTime now) const {
  const std::lock_guard lock(mutex_);
  std::vector<PodDraw> draws;
  const auto found = pods_.find(node);
  if (found == pods_.end()) return draws;
  for (const auto& [key, pod] : found->second) draws.push_back({pod.draw.ns, pod.draw.name, watts_of(pod, now)});
  return draws;
}

double Hall::inlet_celsius(const std::string& rack, base::MonoTime now) const {
  const std::lock_guard lock(mutex_);
  return celsius_of(air_.at(rack), now);
}

}  // namespace headroom::demo
