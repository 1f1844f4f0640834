// Kubernetes Events for the agent's notices: one for each, never one a cycle.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kube/events.h"
#include "model/node_power_cap.h"
#include "rapl-agent/core/agent_report.h"

namespace headroom::rapl_agent {

// One thread uses it: the loop's. record() must not block.
class EventPoster {
 public:
  using Record = std::function<void(kube::Event event)>;
  EventPoster(std::string node, Record record) : node_(std::move(node)), record_(std::move(record)) {}

  // Posts the notices that are newer than the last posted: about the NodePowerCap where there is one, else the node.
  void post(const core::AgentReport& report, const std::optional<model::NodePowerCap>& object);

 private:
  const std::string node_;
  const Record record_;
  std::uint64_t posted_ = 0;
};

}  // namespace headroom::rapl_agent
