#include "controller/agent_presences.h"

#include <set>
#include <string_view>

namespace headroom::controller {
namespace {

constexpr std::string_view kComponentLabel = "app.kubernetes.io/component";
constexpr std::string_view kAgentComponent = "agent";

bool is_agent(const model::Pod& pod, const std::string& ns) {
  if (pod.ns != ns || model::finished(pod)) return false;
  const auto component = pod.labels.find(kComponentLabel);
  return component != pod.labels.end() && component->second == kAgentComponent;
}

}  // namespace

AgentPresences::ByNode AgentPresences::seen(const model::ClusterSnapshot& snapshot, base::MonoTime now) {
  std::set<std::string_view> ready;
  bool any = false;
  for (const auto& pod : snapshot.pods) {
    if (!is_agent(*pod, rules_.ns)) continue;
    any = true;
    if (pod->ready) ready.insert(pod->node_name);
  }
  ByNode missing;
  std::map<std::string, base::MonoTime> since;
  for (const auto& node : snapshot.nodes) {
    if (!any || ready.count(node->name) != 0) continue;
    const auto known = missing_since_.find(node->name);
    const base::MonoTime first = known == missing_since_.end() ? now : known->second;
    since.emplace(node->name, first);
    missing.emplace(node->name, now - first < rules_.grace ? policy::AgentPresence::unready_within_grace
                                                           : policy::AgentPresence::unready_past_grace);
  }
  missing_since_ = std::move(since);
  return missing;
}

}  // namespace headroom::controller
