// The least that any extender can take here: reads a request to its end and answers with bytes it was given before,
// over plain blocking sockets, without looking into either. What a client measures against it is the client itself, the
// kernel's loopback and the wake-ups.
//
//   loopback     prints its port and serves until its standard input ends
//
// POST /remember keeps its body; every other request is answered with what was kept last.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/published.h"
#include "runtime/tcp_socket.h"

namespace headroom::bench {
namespace {

using Kept = base::Published<std::string>;  // a whole reply, head included

struct Asked {
  bool remember = false;
  std::string_view body;
};

// One request into `buffer`, which keeps its size from request to request. Nothing: the client is gone.
std::optional<Asked> receive(int socket, std::string& buffer) {
  constexpr std::string_view kLength = "Content-Length: ";
  std::size_t have = 0;
  std::size_t want = 0;  // zero until the head is complete
  std::size_t body_at = 0;
  while (want == 0 || have < want) {
    if (have == buffer.size()) buffer.resize(std::max(2 * buffer.size(), want));
    const auto got = ::recv(socket, buffer.data() + have, buffer.size() - have, 0);
    if (got <= 0) return std::nullopt;
    have += static_cast<std::size_t>(got);
    const std::string_view text(buffer.data(), have);
    if (want != 0) continue;
    const auto end = text.find("\r\n\r\n");
    if (end == text.npos) continue;
    const auto length = text.substr(0, end).find(kLength);
    if (length == text.npos) return std::nullopt;
    body_at = end + 4;
    want = body_at + std::strtoull(text.data() + length + kLength.size(), nullptr, 10);
  }
  const std::string_view text(buffer.data(), want);
  return Asked{text.starts_with("POST /remember "), text.substr(body_at)};
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string reply_with(std::string_view body) {
  std::string reply = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
  return (reply += std::to_string(body.size()) + "\r\n\r\n").append(body);
}

void serve(runtime::UniqueFd socket, Kept& kept) {
  std::string buffer(64 << 10, '\0');
  while (const auto asked = receive(socket.get(), buffer)) {
    if (asked->remember) kept.publish(std::make_shared<const std::string>(reply_with(asked->body)));
    if (!send_all(socket.get(), *kept.load())) return;
  }
}

int run() {
  const auto listening = runtime::listen_on("127.0.0.1", 0, 16);
  if (!listening) {
    std::cerr << listening.error().message << '\n';
    return 1;
  }
  Kept kept(std::make_shared<const std::string>(reply_with("")));
  std::thread([&kept, listener = listening->socket.get()] {
    for (;;) {
      const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      std::thread([&kept, socket] { serve(runtime::UniqueFd(socket), kept); }).detach();
    }
  }).detach();
  std::cout << listening->port << std::endl;
  while (std::cin.get() != EOF) {
  }
  std::_Exit(0);  // the threads wait for clients and hold nothing
}

}  // namespace
}  // namespace headroom::bench

int main() {
  return headroom::bench::run();
}
