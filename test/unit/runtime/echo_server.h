// A server with a few plain routes, for the tests of server and client.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>

#include "runtime/http_server.h"

namespace headroom::runtime::test {

// Opens once; handlers wait at it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void await_waiter() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

inline HttpServerOptions quick_options() {
  HttpServerOptions options;
  options.threads = 4;
  options.keep_alive = base::Milliseconds(60'000);
  options.request_deadline = base::Milliseconds(10'000);
  return options;
}

//   POST /echo     the body
//   POST /facts    size and spare capacity of the body, the client's address and names
//   GET  /header   the value of request header X-Test and of REMOTE_ADDR
//   GET  /large    200 kB of JSON
//   GET  /throw    throws
//   GET  /gate     answers when the gate opens
class EchoServer {
 public:
  explicit EchoServer(const HttpServerOptions& options = quick_options()) : server_(options) {
    server_.route("POST", "/echo", [](const HttpRequest& request) { return text(request.body); });
    server_.route("DELETE", "/echo", [](const HttpRequest& request) { return text("deleted " + request.body); });
    server_.route("POST", "/facts", [](const HttpRequest& request) {
      std::string names;
      for (const auto& name : request.client_san_names) names += name + ";";
      return text("size=" + std::to_string(request.body.size()) +
                  " spare=" + std::to_string(request.body.capacity() - request.body.size()) +
                  " from=" + request.remote_address + " names=" + names);
    });
    server_.route("GET", "/header", [](const HttpRequest& request) {
      const auto value = [&](const char* name) {
        const auto found = request.headers.find(name);
        return found == request.headers.end() ? std::string("-") : found->second;
      };
      return text(value("X-Test") + " " + request.remote_address);
    });
    server_.route("GET", "/large", [](const HttpRequest&) {
      HttpResponse response;
      response.body = "[" + std::string(200'000, ' ') + "]";
      return response;
    });
    server_.route("GET", "/throw",
                  [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret detail"); });
    server_.route("GET", "/gate", [this](const HttpRequest&) {
      gate.wait();
      return text("through");
    });
    const auto port = server_.start();
    if (!port) throw std::runtime_error(port.error().message);
    port_ = *port;
  }

  static HttpResponse text(std::string body) {
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = std::move(body);
    return response;
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  HttpServer& server() { return server_; }
  Gate gate;

 private:
  HttpServer server_;
  std::uint16_t port_ = 0;
};

inline std::string get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n";
}
inline std::string post(const std::string& path, const std::string& body, const std::string& headers = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

}  // namespace headroom::runtime::test
