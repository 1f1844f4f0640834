#include "rapl-agent/gpu/frame_stream.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "rapl-agent/gpu/protocol.h"
#include "rapl-agent/gpu/wire.h"
#include "runtime/socket_wait.h"

namespace headroom::rapl_agent::gpu {
namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);

base::Error because(const std::string& what, int error) {
  return base::unavailable(what + ": " + std::strerror(error));
}

base::Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return base::invalid_input("'" + path + "' is no path for a socket: it must have 1 to 107 bytes");
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

runtime::UniqueFd new_socket() {
  return runtime::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

base::Result<runtime::UniqueFd> listen_at(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  auto socket = new_socket();
  if (!socket.valid()) return because("socket", errno);
  struct stat existing {};
  if (::lstat(path.c_str(), &existing) == 0 && S_ISSOCK(existing.st_mode)) ::unlink(path.c_str());
  const auto* name = reinterpret_cast<const sockaddr*>(&*address);
  if (::bind(socket.get(), name, sizeof(*address)) != 0) return because("bind " + path, errno);
  if (::chmod(path.c_str(), 0600) != 0) return because("chmod " + path, errno);
  if (::listen(socket.get(), 8) != 0) return because("listen " + path, errno);
  return socket;
}

base::Result<runtime::UniqueFd> connect_to(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  auto socket = new_socket();
  if (!socket.valid()) return because("socket", errno);
  const auto* name = reinterpret_cast<const sockaddr*>(&*address);
  if (::connect(socket.get(), name, sizeof(*address)) != 0) return because(path, errno);
  return socket;
}

std::optional<uid_t> peer_user(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

bool is_trusted_peer(int socket) {
  const auto user = peer_user(socket);
  return user && (*user == 0 || *user == ::geteuid());
}

base::Status FrameStream::send(std::string_view message, base::MonoTime deadline) {
  WireWriter length;
  length.number(static_cast<std::uint32_t>(message.size()));
  const std::string frame = std::move(length).take() + std::string(message);
  std::string_view rest = frame;
  while (!rest.empty()) {
    const auto sent = ::send(fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (!would_block(errno)) return because("send", errno);
    const auto waited =
        runtime::wait_for_socket({.socket = fd(), .event = runtime::SocketEvent::writable, .deadline = deadline});
    if (waited != runtime::SocketWait::ready) return base::unavailable("send: the other side reads nothing");
  }
  return base::ok_status();
}

base::Result<std::optional<std::string>> FrameStream::receive(base::MonoTime deadline) {
  std::array<char, 4096> chunk{};
  while (true) {
    if (received_.size() >= kLengthBytes) {
      const auto length = WireReader(received_).number<std::uint32_t>();
      if (length > kLongestFrame) return base::invalid_input("a message of " + std::to_string(length) + " bytes");
      if (received_.size() >= kLengthBytes + length) {
        std::string message = received_.substr(kLengthBytes, length);
        received_.erase(0, kLengthBytes + length);
        return std::optional(std::move(message));
      }
    }
    const auto got = ::recv(fd(), chunk.data(), chunk.size(), 0);
    if (got == 0) return base::unavailable("the other side closed the connection");
    if (got > 0) {
      received_.append(chunk.data(), static_cast<std::size_t>(got));
      continue;
    }
    if (!would_block(errno)) return because("receive", errno);
    const auto waited = runtime::wait_for_socket({.socket = fd(), .deadline = deadline});
    if (waited != runtime::SocketWait::ready) return std::optional<std::string>();
  }
}

}  // namespace headroom::rapl_agent::gpu
