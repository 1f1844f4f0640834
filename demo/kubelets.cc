#include "demo/kubelets.h"

#include <nlohmann/json.hpp>

#include "demo/api_time.h"
#include "demo/demo_pods.h"

namespace headroom::demo {
namespace {

constexpr base::Milliseconds kPeriod{50};

}  // namespace

Kubelets::Kubelets(ApiServer& server, Hall& hall, base::Clock& clock, double watts_per_core)
    : server_(server), hall_(hall), clock_(clock), watts_per_core_(watts_per_core) {}

void Kubelets::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

void Kubelets::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Kubelets::loop(const std::stop_token& stop) {
  do {
    sync();
  } while (clock_.wait_until(clock_.mono_now() + kPeriod, stop) == base::WaitResult::deadline_reached);
}

void Kubelets::sync() {
  const Json list = Json::parse(server_.call({"GET", "/api/v1/pods"}).body);
  std::map<std::string, std::vector<std::string>> present;
  for (const Json& object : list["items"]) {
    const PodFacts pod = facts_of(object);
    if (pod.node.empty()) continue;
    if (pod.deleting) {
      (void)server_.call({"DELETE", pod.path(), R"({"gracePeriodSeconds":0})"});
      continue;
    }
    present[pod.node].push_back(pod.key());
    hall_.place(pod.node, {pod.ns, pod.name, pod.cores * watts_per_core_}, clock_.mono_now());
    if (pod.phase != "Pending") continue;
    const Json status = {{"status", {{"phase", "Running"}, {"startTime", api_time(clock_.wall_now())}}}};
    (void)server_.call({"PATCH", pod.path() + "/status", status.dump(), "application/merge-patch+json"});
  }
  for (const HallNode& node : hall_.nodes()) hall_.keep_only(node.name, present[node.name]);
}

}  // namespace headroom::demo
