// The agent as a running program: backends, loop, watches, status writer and listener, put together.
//
// Nothing that the API server does or leaves undone stops the loop: without it the agent holds what it has, and on a
// machine without anything to cap it says so and stays up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "kube/config.h"
#include "rapl-agent/config.h"

namespace headroom::rapl_agent {

struct Clocks {
  base::Clock& boot;    // the loop's, CLOCK_BOOTTIME
  base::Clock& system;  // connections, deadlines
};

class App {
 public:
  // No `api_server`: the agent runs by itself. `end` asks the program to end (a new mount is needed) and is called from
  // the loop's thread.
  App(const Config& config, std::optional<kube::ClientConfig> api_server, Clocks clocks, std::function<void()> end);
  ~App();  // stops
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // The port of the health listener. Errors: the address is taken.
  [[nodiscard]] base::Result<std::uint16_t> start();
  // Caps stay as they are; the last status says Stopping. Within 5 s.
  void stop();
  // True when it ended for a new mount.
  [[nodiscard]] bool wants_remount() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace headroom::rapl_agent
