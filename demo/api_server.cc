#include "demo/api_server.h"

#include <utility>

#include "demo/api_lists.h"
#include "demo/api_objects.h"
#include "demo/object_store.h"
#include "runtime/http_server.h"
#include "runtime/system_clock.h"

namespace headroom::demo {
namespace {

runtime::HttpServerOptions http_options(const ApiServerOptions& options) {
  runtime::HttpServerOptions http;
  http.name = "api-server";
  http.address = options.address;
  http.port = options.port;
  http.tls = options.tls;
  http.threads = options.threads;
  http.drain = base::Milliseconds(2'000);
  return http;
}

runtime::HttpResponse text_reply(int status, std::string text) {
  runtime::HttpResponse reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = std::move(text);
  return reply;
}

}  // namespace

class ApiServer::Impl {
 public:
  explicit Impl(const ApiServerOptions& wanted)
      : options(wanted),
        store(wanted.history),
        objects(store, clock),
        lists(store, wanted.bookmark_interval),
        http(http_options(wanted)) {
    route(http);
  }

  void route(runtime::HttpServer& to) {
    to.route_prefix(
        "/", [this](const runtime::HttpRequest& request) { return answer(request); },
        [this](const runtime::HttpRequest& request) { return stream(request); });
  }

  runtime::HttpResponse answer(const runtime::HttpRequest& request) {
    if (request.path == "/livez" || request.path == "/readyz" || request.path == "/healthz")
      return text_reply(200, "ok");
    if (request.path == "/version") {
      runtime::HttpResponse reply;
      reply.body = R"({"major":"1","minor":"37","gitVersion":"v1.37.0-headroom-stand-in"})";
      return reply;
    }
    auto path = parse_api_path(request.path);
    const auto type = path ? objects.type_of(*path) : std::nullopt;
    if (!type) {
      const auto found = ApiLists::discover(objects.types(), request.path);
      return found.status == 404 ? text_reply(404, "404 page not found\n") : found;
    }
    if (path->name.empty() && request.method == "GET") return lists.list(*type, *path, request);
    return objects.answer(*type, *path, request);
  }

  std::optional<runtime::HttpStream> stream(const runtime::HttpRequest& request) {
    if (!ApiLists::is_watch(request)) return std::nullopt;
    const auto path = parse_api_path(request.path);
    const auto type = path ? objects.type_of(*path) : std::nullopt;
    if (!type || !path->subresource.empty()) return std::nullopt;
    return lists.watch(*type, *path, request);
  }

  const ApiServerOptions options;
  const runtime::SystemClock clock;
  ObjectStore store;
  ApiObjects objects;
  ApiLists lists;
  runtime::HttpServer http;
  std::unique_ptr<runtime::HttpServer> side_door;
  std::uint16_t port = 0;
};

ApiServer::ApiServer(const ApiServerOptions& options) : impl_(std::make_unique<Impl>(options)) {}
ApiServer::~ApiServer() {
  stop();
}

base::Status ApiServer::start() {
  for (const char* ns : {"default", "kube-system"}) {
    const auto reply = call({"POST", "/api/v1/namespaces", std::string(R"({"metadata":{"name":")") + ns + R"("}})"});
    if (reply.status != 201) return base::internal_error("namespace " + std::string(ns) + ": " + reply.body);
  }
  const auto port = impl_->http.start();
  if (!port) return port.error();
  impl_->port = *port;
  return base::ok_status();
}

base::Status ApiServer::open_side_door(std::uint16_t port) {
  ApiServerOptions options = impl_->options;
  options.port = port;
  runtime::HttpServerOptions http = http_options(options);
  http.name = "api-side-door";
  http.drain = base::Milliseconds(100);
  impl_->side_door = std::make_unique<runtime::HttpServer>(http);
  impl_->route(*impl_->side_door);
  const auto opened = impl_->side_door->start();
  if (!opened) return opened.error();
  return base::ok_status();
}

void ApiServer::close_side_door() {
  if (impl_->side_door) impl_->side_door->stop();
  impl_->side_door.reset();
}

void ApiServer::stop() {
  impl_->store.close();
  close_side_door();
  impl_->http.stop();
}

std::string ApiServer::url() const {
  return (impl_->options.tls ? "https://" : "http://") + impl_->options.address + ":" + std::to_string(impl_->port);
}

runtime::HttpResponse ApiServer::call(const Call& call) {
  runtime::HttpRequest request;
  request.method = call.method;
  request.path = call.path;
  request.body = call.body;
  request.query = call.query;
  request.headers.emplace("Content-Type", call.content_type);
  request.headers.emplace("User-Agent", "headroom-demo");
  return impl_->answer(request);
}

void ApiServer::compact() {
  impl_->store.compact();
}

}  // namespace headroom::demo
