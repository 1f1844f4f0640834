// What Headroom keeps of a Node.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/labels.h"
#include "model/pod.h"

namespace headroom::model {

struct Node {
  std::string name;
  std::string uid;
  Labels labels;
  std::vector<std::string> internal_ips;
  std::string boot_id;
  std::int64_t cpu_millis = 0;       // capacity
  std::vector<DeviceCount> devices;  // capacity of extended resources
  bool unschedulable = false;

  bool operator==(const Node&) const = default;
};

// nodeSelector and required node affinity of the pod hold for the node. Taints are kube-scheduler's business.
[[nodiscard]] inline bool selects(const Pod& pod, const Node& node) {
  for (const auto& [key, value] : pod.node_selector) {
    const auto found = node.labels.find(key);
    if (found == node.labels.end() || found->second != value) return false;
  }
  return pod.required_node_affinity.empty() ||
         std::any_of(pod.required_node_affinity.begin(), pod.required_node_affinity.end(),
                     [&](const NodeSelectorTerm& term) { return matches(term, node.labels, node.name); });
}

}  // namespace headroom::model
