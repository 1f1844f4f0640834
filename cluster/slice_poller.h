// Reads the EndpointSlices of the discovery namespaces every half minute: exporters come and go slowly, and a watch per
// namespace would cost a thread and a connection each. A namespace that cannot be read keeps its last slices.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/durations.h"
#include "kube/api_client.h"
#include "kube/reflector.h"
#include "model/endpoint_slice.h"

namespace headroom::cluster {

class SlicePoller {
 public:
  using OnSlices = std::function<void(const std::vector<model::EndpointSlice>&)>;

  // Starts at once; on_slices is called on the poller's thread when the slices have changed. `client` outlives it.
  SlicePoller(kube::ApiClient& client, std::vector<std::string> namespaces, base::Seconds period, OnSlices on_slices);
  ~SlicePoller();  // stops, within milliseconds
  SlicePoller(const SlicePoller&) = delete;
  SlicePoller& operator=(const SlicePoller&) = delete;

  struct View {
    kube::ReflectorStatus status;
    std::size_t slices = 0;
  };
  [[nodiscard]] View view() const;  // any thread

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] bool poll_once(const std::stop_token& stop);

  base::Clock& clock_;
  const std::vector<std::string> namespaces_;
  const base::Seconds period_;
  const OnSlices on_slices_;
  const std::unique_ptr<kube::Connection> connection_;
  std::map<std::string, std::vector<model::EndpointSlice>> by_namespace_;  // the thread's
  std::vector<model::EndpointSlice> handed_on_;                            // the thread's
  bool handed_on_once_ = false;                                            // the thread's
  mutable std::mutex mutex_;
  View view_;            // guarded by mutex_
  std::jthread thread_;  // last: joined first
};

}  // namespace headroom::cluster
