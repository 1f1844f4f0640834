// Schedules pods the way kube-scheduler does with an extender: filter, prioritize, choose the best, bind, each by HTTP
// in the NodeNames form. Before the extender come the in-tree plugins that matter here: node selector and CPU. A pod
// that no node takes waits until its Headroom condition changes, as kube-scheduler's queue wakes it. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "demo/api_server.h"
#include "demo/demo_pods.h"
#include "demo/hall.h"
#include "demo/json.h"
#include "runtime/http_client.h"

namespace headroom::demo {

struct SchedulerOptions {
  std::string verbs_url;  // "http://127.0.0.1:9876"
  std::string bind_url;
  int cores_per_node = 16;
};

struct Placement {
  std::string pod;
  std::string node;
  std::string rack;
  bool chosen_rack = false;  // the pod asked for this rack
  base::MonoTime at;
};

struct SchedulerView {
  std::vector<Placement> placements;
  std::map<std::string, std::string> waiting;  // pod -> what kube-scheduler would say
  // Pods refused on a whole rack, by rack and reason.
  std::map<std::string, std::map<std::string, int>> refused;
  std::uint64_t filter_calls = 0;
  std::uint64_t bind_refusals = 0;
  std::string last_error;  // of a call that failed; empty: none did
};

class Scheduler {
 public:
  // `server`, `hall` and `clock` must outlive it.
  Scheduler(const SchedulerOptions& options, ApiServer& server, const Hall& hall, base::Clock& clock);

  void start();
  void stop();
  [[nodiscard]] SchedulerView view() const;  // any thread

 private:
  struct Filtered {
    std::vector<std::string> passed;
    std::map<std::string, std::string> refused;  // node -> reason
  };
  struct Attempt {
    std::string condition;  // the pod's Headroom condition at the last attempt
    base::MonoTime at;
  };

  void loop(const std::stop_token& stop);
  void sync();
  [[nodiscard]] bool due(const PodFacts& pod) const;
  // The nodes that the in-tree plugins let through.
  [[nodiscard]] std::vector<std::string> fitting(const PodFacts& pod) const;
  void schedule(const Json& object, const PodFacts& pod);
  [[nodiscard]] base::Result<Filtered> filter(const Json& object, const PodFacts& pod);
  [[nodiscard]] base::Result<std::string> best_of(const Json& object, const std::vector<std::string>& nodes);
  [[nodiscard]] base::Status bind(const PodFacts& pod, const std::string& node);
  [[nodiscard]] base::Result<Json> post(runtime::HttpClient& client, const std::string& verb, const Json& body);
  void refuse(const PodFacts& pod, const Filtered& filtered);
  void failed(const base::Error& error);

  ApiServer& server_;
  base::Clock& clock_;
  const int cores_per_node_;
  std::map<std::string, std::string> racks_;  // by node
  std::map<std::string, int> used_cores_;     // by node
  runtime::HttpClient verbs_;
  runtime::HttpClient bind_;
  std::map<std::string, Attempt> attempts_;  // by pod uid
  std::uint64_t turn_ = 0;
  mutable std::mutex mutex_;
  SchedulerView view_;
  std::jthread thread_;
};

}  // namespace headroom::demo
