#include "runtime/tcp_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "runtime/socket_wait.h"

namespace headroom::runtime {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string errno_text(int code) {
  return std::generic_category().message(code);
}

std::string where(const std::string& host, std::uint16_t port) {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return name + ":" + std::to_string(port);
}

base::Result<Addresses> resolve(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return base::unavailable(where(host, port) + ": " + ::gai_strerror(code));
  return Addresses(found);
}

void set_option(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);  // best effort: none changes what is correct
}

UniqueFd open_socket(const addrinfo& address) {
  UniqueFd socket(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
  if (socket.valid()) set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  return socket;
}

std::uint16_t local_port(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  const in_port_t port = address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                                       : reinterpret_cast<const sockaddr_in&>(address).sin_port;
  return ntohs(port);
}

// Probes begin after a third of the time and go on until all of it is over.
void end_dead_peers(int socket, base::Milliseconds after) {
  const int third = std::max(1, static_cast<int>(after.count() / 3'000));
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, third);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, third);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 2);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(after.count()));
}

// Zero, or the errno of what failed; ECANCELED and ETIMEDOUT included.
int finish_connect(int socket, const ConnectTarget& target, base::MonoTime deadline) {
  switch (wait_for_socket({socket, target.cancel_fd, SocketEvent::writable, deadline})) {
    case SocketWait::timed_out: return ETIMEDOUT;
    case SocketWait::cancelled: return ECANCELED;
    case SocketWait::ready: break;
  }
  int code = 0;
  socklen_t length = sizeof code;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno;
}

}  // namespace

base::Result<ListeningSocket> listen_on(const std::string& address, std::uint16_t port, int backlog) {
  const auto addresses = resolve(address, port, AI_PASSIVE);
  if (!addresses) return base::invalid_input(addresses.error().message);
  UniqueFd socket = open_socket(**addresses);
  if (!socket.valid()) return base::unavailable(where(address, port) + ": " + errno_text(errno));
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  ::fcntl(socket.get(), F_SETFL, 0);  // accept() blocks; shutdown() wakes it
  const bool bound = ::bind(socket.get(), (*addresses)->ai_addr, (*addresses)->ai_addrlen) == 0;
  if (!bound || ::listen(socket.get(), backlog) != 0) {
    const int code = errno;
    std::string message = "listen on " + where(address, port) + ": " + errno_text(code);
    if (code == EACCES || code == EPERM) return base::denied(std::move(message));
    if (code == EADDRNOTAVAIL) return base::invalid_input(std::move(message));
    return base::unavailable(std::move(message));
  }
  const std::uint16_t actual = local_port(socket.get());
  return ListeningSocket{std::move(socket), actual};
}

base::Result<UniqueFd> connect_to(const ConnectTarget& target) {
  const auto addresses = resolve(target.host, target.port, 0);
  if (!addresses) return addresses.error();
  const base::MonoTime deadline = SystemClock().mono_now() + target.timeout;
  int code = EHOSTUNREACH;
  for (const addrinfo* address = addresses->get(); address != nullptr; address = address->ai_next) {
    UniqueFd socket = open_socket(*address);
    if (!socket.valid()) {
      code = errno;
      continue;
    }
    end_dead_peers(socket.get(), target.dead_peer_timeout);
    code = ::connect(socket.get(), address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (code == EINPROGRESS) code = finish_connect(socket.get(), target, deadline);
    if (code == 0) return socket;
    if (code == ECANCELED) break;
  }
  return base::unavailable("connect to " + where(target.host, target.port) + ": " +
                           (code == ECANCELED ? std::string("cancelled") : errno_text(code)));
}

int accept_from(int listening_socket) {
  const int socket = ::accept4(listening_socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket >= 0) set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  return socket;
}

std::string peer_address(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* ip = address.ss_family == AF_INET6
                       ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)
                       : static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  if (::inet_ntop(address.ss_family, ip, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

}  // namespace headroom::runtime
