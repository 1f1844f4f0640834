// The caps loop's edges on a real API server.
#pragma once

#include <memory>
#include <string>

#include "base/durations.h"
#include "controller/cap_edges.h"
#include "kube/api_client.h"
#include "kube/events.h"

namespace headroom::controller {

// How long agents count on a heartbeat that they have seen change.
inline constexpr base::Seconds kHeartbeatLifetime{20};

struct HeartbeatLease {
  std::string ns;
  std::string name;
  std::string identity;
};

// What is passed must outlive what is made from it. No call takes longer than the client's call_timeout.
[[nodiscard]] std::unique_ptr<CapStore> make_cap_store(kube::ApiClient& client);
[[nodiscard]] std::unique_ptr<ReleaseDesk> make_release_desk(kube::ApiClient& client, kube::EventRecorder& recorder);
[[nodiscard]] std::unique_ptr<Heartbeat> make_heartbeat(kube::ApiClient& client, HeartbeatLease lease);

}  // namespace headroom::controller
