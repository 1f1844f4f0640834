// The controller as an object: API client, mirror, telemetry, election, status loop and health listener. main.cc starts
// it in a cluster; tests start it against an API server of their own.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "controller/config.h"
#include "kube/config.h"

namespace headroom::controller {

class App {
 public:
  // `clock` outlives it.
  App(const Config& config, kube::ClientConfig api_server, base::Clock& clock);
  ~App();  // stops
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // The port of /livez, /readyz and /metrics. Errors: an address that cannot be had.
  [[nodiscard]] base::Result<std::uint16_t> start();
  // Releases the lease. Idempotent.
  void stop();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace headroom::controller
