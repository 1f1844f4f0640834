// The edges on a real API server.
#pragma once

#include <memory>
#include <string>

#include "controller/edges.h"
#include "kube/api_client.h"
#include "kube/events.h"

namespace headroom::controller {

// Of everything that the controller applies.
inline constexpr const char* kFieldManager = "headroom-controller";

// What is passed must outlive what is made from it.
[[nodiscard]] std::unique_ptr<StatusStore> make_status_store(kube::ApiClient& client);
[[nodiscard]] std::unique_ptr<SpecStore> make_spec_store(kube::ApiClient& client, std::string ns);
[[nodiscard]] std::unique_ptr<EventSink> make_event_sink(kube::EventRecorder& recorder);

}  // namespace headroom::controller
