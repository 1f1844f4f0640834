// An API server in this process: enough of kube-apiserver for Headroom's programs, kept in memory.
//
// Serves the kinds of api_resources.h and those of stored CustomResourceDefinitions: lists in pages, watches with
// bookmarks and 410, optimistic concurrency, merge, strategic and JSON patches, server-side apply, status subresources,
// pods/binding, graceful deletion, discovery. Not there: authentication, admission, schema validation, garbage
// collection, other content types than JSON. It passes test/conformance, which the real one passes too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/durations.h"
#include "base/result.h"
#include "runtime/http_message.h"
#include "runtime/tls.h"

namespace headroom::demo {

struct ApiServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::optional<runtime::ServerTls> tls;
  int threads = 96;                             // each watch holds one
  std::size_t history = 50'000;                 // changes that a watch can go back to
  base::Milliseconds bookmark_interval{5'000};  // the real one: about a minute
};

// Thread-safe after start().
class ApiServer {
 public:
  explicit ApiServer(const ApiServerOptions& options);
  ~ApiServer();  // stops
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // Comes up with the namespaces default and kube-system.
  [[nodiscard]] base::Status start();
  void stop();
  [[nodiscard]] std::string url() const;

  // One more address of the same API server, which can be taken away from those who use it. Errors: the port is taken.
  [[nodiscard]] base::Status open_side_door(std::uint16_t port);
  void close_side_door();

  // The same as over HTTP, without it. Never a watch. `body`: JSON, or YAML for apply.
  struct Call {
    std::string method;
    std::string path;
    std::string body{};
    std::string content_type = "application/json";
    runtime::QueryParameters query{};
  };
  [[nodiscard]] runtime::HttpResponse call(const Call& call);

  // Watches from before now, and lists begun before now, end with 410.
  void compact();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::demo
