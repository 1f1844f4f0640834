#include "rapl-agent/event_poster.h"

#include "base/names.h"

namespace headroom::rapl_agent {

void EventPoster::post(const core::AgentReport& report, const std::optional<model::NodePowerCap>& object) {
  for (const core::AgentNotice& notice : report.notices) {
    if (notice.number <= posted_) continue;
    posted_ = notice.number;
    kube::Event event;
    if (object) {
      event.regarding = {std::string(base::names::kApiGroupVersion), std::string(base::names::kNodePowerCapKind), "",
                         node_, object->uid};
    } else {
      event.regarding = {"v1", "Node", "", node_, node_};  // as the kubelet names a node in its Events
    }
    event.type = notice.warning ? kube::EventType::warning : kube::EventType::normal;
    event.reason = notice.reason;
    event.action = "Capping";
    event.note = notice.message;
    record_(std::move(event));
  }
}

}  // namespace headroom::rapl_agent
