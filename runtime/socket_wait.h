// Waiting for one socket with a deadline and a second file descriptor that ends the wait.
#pragma once

#include "base/clock.h"
#include "runtime/system_clock.h"

namespace headroom::runtime {

enum class SocketEvent { readable, writable };
enum class SocketWait { ready, timed_out, cancelled };

struct SocketWaitRequest {
  int socket = -1;
  int cancel_fd = -1;  // readable: give up; -1: none
  SocketEvent event = SocketEvent::readable;
  base::MonoTime deadline;
};

// Ready also means end of stream or error: the next read or write tells.
[[nodiscard]] SocketWait wait_for_socket(const SocketWaitRequest& request);

}  // namespace headroom::runtime
