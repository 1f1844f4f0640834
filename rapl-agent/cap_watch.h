// What the API server says to this node's agent: its NodePowerCap and the controller's heartbeat, watched.
//
// One reflector each, by name. A connection that died without a word (half-open) is found by the heartbeat's silence:
// keep_alive() then opens both watches anew, jittered and less and less often while nothing comes. Deleting the object,
// the CRD or the Lease is silence, never an order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "base/clock.h"
#include "kube/api_client.h"
#include "kube/reflector.h"
#include "model/node_power_cap.h"
#include "rapl-agent/core/cap_order.h"

namespace headroom::rapl_agent {

struct CapWatchOptions {
  std::string node;
  std::string lease_namespace;
  std::string lease_name;
  base::Milliseconds silence{6'000};  // of the heartbeat, before the watches are opened anew
  std::uint64_t seed = 0;             // of the jitter; 0: random
};

class CapWatch final : public core::CapInbox {
 public:
  // `client` must outlive it; `changed` is called on the watches' threads and must be thread-safe.
  CapWatch(kube::ApiClient& client, CapWatchOptions options, std::function<void()> changed);
  ~CapWatch() override;

  void start();
  void stop();
  // Called by one thread, each turn of the loop; blocks for milliseconds at most.
  void keep_alive(base::MonoTime now);

  [[nodiscard]] core::CapView latest() const override;
  // The object as last seen, with the status that is stored there; nothing: absent, unreadable or not read yet.
  [[nodiscard]] std::optional<model::NodePowerCap> object() const;
  // Why nothing is heard, for people; empty: both watches are in order.
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] std::uint64_t reopened() const;

 private:
  class CapSink;
  class LeaseSink;
  void open();

  kube::ApiClient& client_;
  const CapWatchOptions options_;
  const std::function<void()> changed_;

  struct Seen {
    core::CapView::Presence presence = core::CapView::Presence::unknown;
    std::optional<model::NodePowerCap> object;
    std::string unreadable;
    std::optional<base::WallTime> heartbeat;
    bool paused = false;
    kube::ReflectorStatus caps;
    kube::ReflectorStatus lease;
    std::uint64_t beats = 0;  // grows with everything that the Lease's watch brings
  };
  mutable std::mutex mutex_;
  Seen seen_;  // guarded by mutex_
  std::uint64_t reopened_ = 0;

  // Of the thread that calls keep_alive().
  std::mt19937_64 random_;
  std::uint64_t beats_known_ = 0;
  std::optional<base::MonoTime> reopen_at_;
  base::Milliseconds patience_;

  std::unique_ptr<CapSink> cap_sink_;
  std::unique_ptr<LeaseSink> lease_sink_;
  std::unique_ptr<kube::Reflector> caps_;
  std::unique_ptr<kube::Reflector> lease_;
};

}  // namespace headroom::rapl_agent
