// Unix stream sockets that carry frames (protocol.h), and who is at the other end of one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::gpu {

// A listening socket at `path`, for its owner only (mode 0600). A file of that name that is a socket is replaced:
// whoever calls this holds the lock that says nobody listens there. All sockets are non-blocking and close-on-exec.
[[nodiscard]] base::Result<runtime::UniqueFd> listen_at(const std::string& path);
// unavailable: nobody listens there.
[[nodiscard]] base::Result<runtime::UniqueFd> connect_to(const std::string& path);
// The user at the other end, as the kernel knows it (SO_PEERCRED).
[[nodiscard]] std::optional<uid_t> peer_user(int socket);
// Root, or the user we are: nobody else may set limits, or be believed about them.
[[nodiscard]] bool is_trusted_peer(int socket);

// One connection. One thread uses it.
class FrameStream {
 public:
  explicit FrameStream(runtime::UniqueFd socket) : socket_(std::move(socket)) {}

  [[nodiscard]] int fd() const { return socket_.get(); }
  // Errors: unavailable (the other side went away, or takes nothing until the deadline).
  [[nodiscard]] base::Status send(std::string_view message, base::MonoTime deadline);
  // The next message; nothing: it is not complete at the deadline, and what has come of it is kept for the next call.
  // Errors: unavailable (the other side went away), invalid_input (longer than kLongestFrame).
  [[nodiscard]] base::Result<std::optional<std::string>> receive(base::MonoTime deadline);

 private:
  runtime::UniqueFd socket_;
  std::string received_;
};

}  // namespace headroom::rapl_agent::gpu
