// The edges on a real API server.
#pragma once

#include <memory>
#include <string>

#include "extender/edges.h"
#include "kube/api_client.h"

namespace headroom::extender {

// The clients must outlive what is made from them. `bind_client` has a call_timeout inside BindConfig::timeout.
[[nodiscard]] std::unique_ptr<PodBinder> make_pod_binder(kube::ApiClient& bind_client);
[[nodiscard]] std::unique_ptr<PodConditionWriter> make_condition_writer(kube::ApiClient& client);
[[nodiscard]] std::unique_ptr<SchedulerLease> make_scheduler_lease(kube::ApiClient& client, std::string ns,
                                                                   std::string name);

}  // namespace headroom::extender
