#include "runtime/socket_wait.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace headroom::runtime {

SocketWait wait_for_socket(const SocketWaitRequest& request) {
  const short events = request.event == SocketEvent::readable ? POLLIN : POLLOUT;
  for (;;) {
    std::array<pollfd, 2> fds{{{request.socket, events, 0}, {request.cancel_fd, POLLIN, 0}}};
    const auto left = std::chrono::ceil<base::Milliseconds>(request.deadline - SystemClock().mono_now());
    const auto patience = std::clamp<std::int64_t>(left.count(), 0, 1 << 30);
    const int ready = ::poll(fds.data(), request.cancel_fd >= 0 ? 2 : 1, static_cast<int>(patience));
    if (ready < 0 && errno == EINTR) continue;
    if (fds[1].revents != 0) return SocketWait::cancelled;
    if (fds[0].revents != 0) return SocketWait::ready;
    if (left.count() <= 0 || ready < 0) return SocketWait::timed_out;
  }
}

}  // namespace headroom::runtime
