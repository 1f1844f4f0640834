// An API server that gives what powercap's own role allows: nodes may be read and updated, and nothing else.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "demo/api_server.h"
#include "runtime/http_server.h"

namespace headroom::rapl_agent::standalone {

class NarrowApi {
 public:
  NarrowApi() {
    EXPECT_TRUE(server_.start().ok());
    door_.route_prefix("/", [this](const runtime::HttpRequest& request) { return pass(request); });
    const auto port = door_.start();
    EXPECT_TRUE(port.ok());
    url_ = "http://127.0.0.1:" + std::to_string(*port);
  }
  ~NarrowApi() { door_.stop(); }
  NarrowApi(const NarrowApi&) = delete;
  NarrowApi& operator=(const NarrowApi&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  void create_node(const std::string& name, const nlohmann::json& labels = nlohmann::json::object()) {
    const nlohmann::json node = {
        {"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", name}, {"labels", labels}}}};
    EXPECT_EQ(server_.call({"POST", "/api/v1/nodes", node.dump()}).status, 201);
  }
  void label(const std::string& name, const std::string& key, const std::string& value) {
    const nlohmann::json patch = {{"metadata", {{"labels", {{key, value}}}}}};
    EXPECT_EQ(server_.call({"PATCH", "/api/v1/nodes/" + name, patch.dump(), "application/merge-patch+json"}).status,
              200);
  }
  [[nodiscard]] nlohmann::json metadata(const std::string& name) {
    const auto reply = server_.call({"GET", "/api/v1/nodes/" + name});
    return reply.status == 200 ? nlohmann::json::parse(reply.body)["metadata"] : nlohmann::json::object();
  }
  [[nodiscard]] std::string text(const std::string& name, const std::string& kind, const std::string& key) {
    return metadata(name).value(kind, nlohmann::json::object()).value(key, "");
  }

  std::function<void()> before_update{};  // runs on the server's thread
  std::atomic<int> patches{0};            // tried, and denied
  std::atomic<int> updates{0};
  std::atomic<bool> closed{false};  // nobody may do anything

 private:
  runtime::HttpResponse pass(const runtime::HttpRequest& request) {
    const bool nodes = request.path.starts_with("/api/v1/nodes");
    if (request.method == "PATCH") ++patches;
    if (closed || !nodes || (request.method != "GET" && request.method != "PUT")) {
      runtime::HttpResponse denied;
      denied.status = 403;
      denied.body =
          R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"no"})";
      return denied;
    }
    if (request.method == "PUT") {
      ++updates;
      if (before_update) before_update();
    }
    return server_.call({request.method, request.path, request.body, "application/json", request.query});
  }

  demo::ApiServer server_{{}};
  runtime::HttpServer door_{{}};
  std::string url_;
};

}  // namespace headroom::rapl_agent::standalone
