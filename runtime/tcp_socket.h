// Opening TCP sockets: a listening one, or one connected to a host. All are non-blocking, close-on-exec, TCP_NODELAY.
#pragma once

#include <cstdint>
#include <string>

#include "base/durations.h"
#include "base/result.h"
#include "runtime/unique_fd.h"

namespace headroom::runtime {

struct ListeningSocket {
  UniqueFd socket;
  std::uint16_t port = 0;
};
// Without SO_REUSEPORT: a second server on the same port is an error, not a silent sharing of requests. Port 0: the
// system chooses. Errors: denied (privileged port), unavailable (in use), invalid_input (no such address).
[[nodiscard]] base::Result<ListeningSocket> listen_on(const std::string& address, std::uint16_t port, int backlog);

struct ConnectTarget {
  std::string host;
  std::uint16_t port = 0;
  base::Milliseconds timeout{3'000};
  // A connection whose peer answers neither data nor keep-alive probes for this long ends with an error.
  base::Milliseconds dead_peer_timeout{15'000};
  int cancel_fd = -1;  // readable: give up
};
// Tries every address of the host. A name is resolved by the system, which `timeout` does not bound.
[[nodiscard]] base::Result<UniqueFd> connect_to(const ConnectTarget& target);

// What accept() gives, made like the others. -1: errno tells.
[[nodiscard]] int accept_from(int listening_socket);

// The other side's IP, as text; empty when it is gone.
[[nodiscard]] std::string peer_address(int socket);

}  // namespace headroom::runtime
