// Plays the kubelets of an ApiServer's nodes: bound pods run, deleted ones end. One thread.
#pragma once

#include <thread>

#include "base/clock.h"
#include "demo/api_server.h"
#include "demo/hall.h"

namespace headroom::demo {

class Kubelets {
 public:
  // All must outlive it. Pods draw what their CPU request is worth at `watts_per_core`.
  Kubelets(ApiServer& server, Hall& hall, base::Clock& clock, double watts_per_core);

  void start();
  void stop();

 private:
  void loop(const std::stop_token& stop);
  void sync();

  ApiServer& server_;
  Hall& hall_;
  base::Clock& clock_;
  const double watts_per_core_;
  std::jthread thread_;
};

}  // namespace headroom::demo
