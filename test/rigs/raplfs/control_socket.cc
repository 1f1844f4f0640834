#include "test/rigs/raplfs/control_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <stdexcept>
#include <vector>

namespace headroom::raplfs {

namespace {

void send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// False: the client has gone.
bool serve_client(int socket, std::string& pending, Commands& commands) {
  std::array<char, 4096> buffer{};
  const ssize_t received = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (received <= 0) return false;
  pending.append(buffer.data(), static_cast<std::size_t>(received));
  for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
    send_all(socket, commands.run(std::string_view(pending).substr(0, end)) + "\n");
    pending.erase(0, end + 1);
  }
  return true;
}

}  // namespace

ControlSocket::ControlSocket(const std::string& path, Commands& commands) : commands_(commands) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    throw std::runtime_error("control socket: the path is too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0) {
    throw std::runtime_error("control socket " + path + ": " + std::strerror(errno));
  }
}

ControlSocket::~ControlSocket() {
  if (listener_ >= 0) ::close(listener_);
}

void ControlSocket::serve(std::span<const int> stops) {
  std::map<int, std::string> clients;  // socket -> what came without a newline yet
  while (true) {
    std::vector<pollfd> watched;
    for (const int stop : stops) watched.push_back({stop, POLLIN, 0});
    watched.push_back({listener_, POLLIN, 0});
    for (const auto& [socket, pending] : clients) watched.push_back({socket, POLLIN, 0});
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;  // a signal
    const auto first_client = watched.begin() + static_cast<std::ptrdiff_t>(stops.size()) + 1;
    if (std::any_of(watched.begin(), first_client - 1, [](const pollfd& stop) { return stop.revents != 0; })) break;
    if ((first_client - 1)->revents != 0) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) clients[client];
    }
    for (auto client = first_client; client != watched.end(); ++client) {
      if (client->revents == 0 || serve_client(client->fd, clients[client->fd], commands_)) continue;
      ::close(client->fd);
      clients.erase(client->fd);
    }
  }
  for (const auto& [socket, pending] : clients) ::close(socket);
}

}  // namespace headroom::raplfs
