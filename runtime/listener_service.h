// A listener as one of a program's services.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "runtime/http_server.h"
#include "runtime/lifecycle.h"

namespace headroom::runtime {

// `server` outlives the service. `bound` is told the port once it is known.
[[nodiscard]] inline Service listener_service(std::string name, HttpServer& server,
                                              std::function<void(std::uint16_t)> bound) {
  return {std::move(name),
          [&server, bound = std::move(bound)]() -> base::Status {
            const auto port = server.start();
            if (!port) return port.error();
            bound(*port);
            return base::ok_status();
          },
          [&server] { server.stop(); }};
}

}  // namespace headroom::runtime
