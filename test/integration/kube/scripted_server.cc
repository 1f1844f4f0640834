#include "test/integration/kube/scripted_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>

namespace headroom::test {
namespace {

constexpr std::chrono::seconds kPatience{20};

// Waits until there is something to read; false at the end.
bool readable(int socket, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd poll_one{socket, POLLIN, 0};
    const int ready = ::poll(&poll_one, 1, 20);
    if (ready != 0) return ready > 0;
  }
  return false;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool receive_more(int socket, std::string& buffer, const std::stop_token& stop) {
  if (!readable(socket, stop)) return false;
  char bytes[4'096];
  const ssize_t got = ::recv(socket, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  buffer.append(bytes, static_cast<std::size_t>(got));
  return true;
}

SeenRequest parse_head(const std::string& head) {
  SeenRequest request;
  const auto line_end = head.find("\r\n");
  const std::string line = head.substr(0, line_end);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  for (auto at = line_end + 2; at < head.size();) {
    const auto end = head.find("\r\n", at);
    const std::string field = head.substr(at, end - at);
    const auto colon = field.find(": ");
    if (colon == std::string::npos) break;
    std::string name = field.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers[name] = field.substr(colon + 2);
    at = end + 2;
  }
  return request;
}

std::optional<SeenRequest> receive_request(int socket, std::string& buffer, const std::stop_token& stop) {
  std::size_t head_end = std::string::npos;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more(socket, buffer, stop)) return std::nullopt;
  }
  SeenRequest request = parse_head(buffer.substr(0, head_end + 2));
  const auto length = request.headers.find("content-length");
  const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
  while (buffer.size() < head_end + 4 + size) {
    if (!receive_more(socket, buffer, stop)) return std::nullopt;
  }
  request.body = buffer.substr(head_end + 4, size);
  buffer.erase(0, head_end + 4 + size);
  return request;
}

std::string head_of(const Step& step) {
  std::string head = "HTTP/1.1 " + std::to_string(step.status) + " Scripted\r\nContent-Type: application/json\r\n";
  for (const auto& [name, value] : step.headers) head.append(name).append(": ").append(value).append("\r\n");
  if (step.streamed) return head + "Transfer-Encoding: chunked\r\n\r\n";
  return head + "Content-Length: " + std::to_string(step.body.size()) + "\r\n\r\n";
}

bool send_reply(int socket, const Step& step) {
  if (!send_all(socket, head_of(step))) return false;
  if (!step.streamed) {
    const std::size_t sent = step.after == After::keep ? step.body.size() : step.body.size() / 2;
    return send_all(socket, step.body.substr(0, sent));
  }
  for (const std::string& piece : step.pieces) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    if (!send_all(socket, size + piece + "\r\n")) return false;
  }
  return step.after != After::keep || send_all(socket, "0\r\n\r\n");
}

}  // namespace

Step reply(int status, std::string body) {
  Step step;
  step.status = status;
  step.body = std::move(body);
  return step;
}

Step watch(std::vector<std::string> pieces, After after) {
  Step step;
  step.pieces = std::move(pieces);
  step.streamed = true;
  step.after = after;
  return step;
}

ScriptedServer::ScriptedServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_loop(stop); });
}

ScriptedServer::~ScriptedServer() {
  acceptor_.request_stop();
  acceptor_.join();
  for (std::jthread& connection : connections_) connection.request_stop();
  connections_.clear();
  ::close(listener_);
}

void ScriptedServer::on_list(Step step) {
  const std::lock_guard lock(mutex_);
  lists_.push_back(std::move(step));
}
void ScriptedServer::on_watch(Step step) {
  const std::lock_guard lock(mutex_);
  watches_.push_back(std::move(step));
}
void ScriptedServer::on_other(Step step) {
  const std::lock_guard lock(mutex_);
  others_.push_back(std::move(step));
}

SeenRequest ScriptedServer::request(std::size_t index) {
  std::unique_lock lock(mutex_);
  const bool came = changed_.wait_for(lock, kPatience, [&] { return seen_.size() > index; });
  EXPECT_TRUE(came) << "request " << index << " never came; " << seen_.size() << " did";
  return came ? seen_[index] : SeenRequest{};
}

std::size_t ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return seen_.size();
}

std::size_t ScriptedServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void ScriptedServer::accept_loop(const std::stop_token& stop) {
  while (readable(listener_, stop)) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const std::lock_guard lock(mutex_);
    connections_.emplace_back([this, socket](const std::stop_token& end) { serve(socket, end); });
  }
}

void ScriptedServer::serve(int socket, const std::stop_token& stop) {
  std::string buffer;
  while (const auto request = receive_request(socket, buffer, stop)) {
    const Step step = next_step(*request);
    if (!send_reply(socket, step) || step.after == After::cut) break;
    if (step.after == After::hang) {
      while (!stop.stop_requested() && receive_more(socket, buffer, stop)) {
      }
      break;
    }
  }
  ::close(socket);
}

Step ScriptedServer::next_step(const SeenRequest& request) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(request);
  changed_.notify_all();
  const bool is_watch = request.has("watch=1");
  std::deque<Step>& steps = is_watch ? watches_ : request.method == "GET" && request.has("limit=") ? lists_ : others_;
  if (steps.empty())
    return is_watch ? watch({}, After::hang) : reply(500, R"({"kind":"Status","message":"unscripted"})");
  Step step = std::move(steps.front());
  steps.pop_front();
  return step;
}

}  // namespace headroom::test
