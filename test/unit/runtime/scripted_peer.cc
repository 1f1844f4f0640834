#include "test/unit/runtime/scripted_peer.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "runtime/tcp_socket.h"

namespace headroom::runtime::test {

struct ScriptedPeer::State {
  UniqueFd listener;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::string received;
  int closed = 0;
  bool ending = false;

  bool wait_readable(int fd) const {
    for (;;) {
      {
        const std::lock_guard lock(mutex);
        if (ending) return false;
      }
      pollfd waiting{fd, POLLIN, 0};
      if (::poll(&waiting, 1, 10) > 0) return true;
    }
  }
  // One request: up to the empty line, and the body that Content-Length announces.
  bool read_request(int fd) {
    std::string request;
    std::size_t wanted = std::string::npos;
    while (request.size() < wanted) {
      std::array<char, 4096> piece{};
      if (!wait_readable(fd)) return false;
      const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
      if (got <= 0) return false;
      request.append(piece.data(), static_cast<std::size_t>(got));
      const auto end = request.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const auto length = request.find("Content-Length: ");
      wanted = end + 4 + (length == std::string::npos ? 0 : std::stoul(request.substr(length + 16)));
    }
    const std::lock_guard lock(mutex);
    received += request;
    return true;
  }
  void hang(int fd, bool dripping) const {
    std::unique_lock lock(mutex);
    while (!ending) {
      if (dripping) ::send(fd, "H", 1, MSG_NOSIGNAL);
      changed.wait_for(lock, std::chrono::milliseconds(10), [&] { return ending; });
    }
  }
};

ScriptedPeer::ScriptedPeer(std::vector<std::vector<std::string>> connections) : state_(std::make_shared<State>()) {
  auto listening = listen_on("127.0.0.1", 0, 16);
  if (!listening) throw std::runtime_error(listening.error().message);
  port_ = listening->port;
  state_->listener = std::move(listening->socket);
  thread_ = std::thread([this, connections = std::move(connections)] { serve(connections); });
}

ScriptedPeer::~ScriptedPeer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->changed.notify_all();
  ::shutdown(state_->listener.get(), SHUT_RDWR);
  thread_.join();
}

void ScriptedPeer::serve(const std::vector<std::vector<std::string>>& connections) const {
  for (const auto& replies : connections) {
    if (!state_->wait_readable(state_->listener.get())) return;
    const UniqueFd socket(accept_from(state_->listener.get()));
    if (!socket.valid()) return;
    bool first = true;
    for (const std::string& reply : replies) {
      const bool special = reply == kHang || reply == kDrip;
      if ((first || !special) && !state_->read_request(socket.get())) break;
      first = false;
      if (special) {
        state_->hang(socket.get(), reply == kDrip);
      } else {
        ::send(socket.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
      }
    }
    // Both directions now, so that the client learns of it before the test goes on.
    ::shutdown(socket.get(), SHUT_RDWR);
    const std::lock_guard lock(state_->mutex);
    ++state_->closed;
    state_->changed.notify_all();
  }
}

std::string ScriptedPeer::received() const {
  const std::lock_guard lock(state_->mutex);
  return state_->received;
}

void ScriptedPeer::await_closed(int count) const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->closed >= count; });
}

}  // namespace headroom::runtime::test
