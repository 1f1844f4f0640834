// The hardened HTTP/1.1 server that all programs use.
//
// What the stock server lacks and this one has: TCP_NODELAY, keep-alive longer than any Go client's, a real listen
// backlog, exclusive port, one deadline for a whole request, byte budgets for head and decoded body, strict framing
// headers, no reply compression, prompt drain, exception text that never leaks. Each row has a test in
// test/unit/runtime.
//
// One listener = one HttpServer with threads of its own, so that no listener starves another. Routes are added before
// start(). Handlers run on the server's threads, several at a time, and must be thread-safe; one that throws gives a
// bare 500 and is logged and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/durations.h"
#include "base/result.h"
#include "runtime/http_message.h"
#include "runtime/tls.h"

namespace headroom::runtime {

struct HttpServerOptions {
  std::string name = "http";  // in logs and metrics
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system chooses; start() tells
  // Connections served at a time. When all are taken, the longest idle one is closed for a new one; where none is idle,
  // new ones wait.
  int threads = 32;
  int backlog = 1024;
  base::Milliseconds keep_alive{120'000};       // above the 90 s of Go's clients, so that the client closes first
  base::Milliseconds request_deadline{20'000};  // first byte of the head to last byte of the body
  base::Milliseconds write_deadline{10'000};
  base::Milliseconds drain{5'000};  // how long stop() lets requests in flight finish
  std::size_t head_limit = 64 << 10;
  std::size_t body_limit = 64 << 20;  // decoded bytes
  std::optional<ServerTls> tls;       // nothing: plain HTTP
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// Writes one piece of a streamed reply and sends it. False: the client is gone or the server stops; the handler must
// return. An empty piece sends nothing and only asks.
using ChunkWriter = std::function<bool(std::string_view)>;
// Sends `head` first, then whatever `body` writes, chunked. The connection's thread is held until body returns.
struct HttpStream {
  HttpResponse head;
  std::function<void(const ChunkWriter&)> body;
};
using HttpStreamHandler = std::function<std::optional<HttpStream>(const HttpRequest&)>;

// For metrics; numbers since start().
struct HttpServerStats {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t evicted = 0;  // idle connections closed to let new ones in
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // malformed, too large, too slow
  std::uint64_t handler_failures = 0;
};

class HttpServer {
 public:
  explicit HttpServer(HttpServerOptions options);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Exact path. A path with another method answers 405, an unknown path 404.
  void route(std::string_view method, std::string_view path, HttpHandler handler);
  // Every method and path that begins with `prefix` and has no exact route. For servers that do their own routing.
  // A handler for which `streams` gives a value streams; else `handler` answers.
  void route_prefix(std::string_view prefix, HttpHandler handler, HttpStreamHandler streams = {});

  // Binds and serves on threads of its own. Errors: address in use, no permission, bad certificate.
  [[nodiscard]] base::Result<std::uint16_t> start();
  // Stops accepting, answers what is in flight with "Connection: close", closes idle connections at once. Idempotent.
  void stop();
  // True from the first moment of stop(): handlers that wait for something look at it.
  [[nodiscard]] bool stopping() const;
  // Any thread.
  [[nodiscard]] HttpServerStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::runtime
