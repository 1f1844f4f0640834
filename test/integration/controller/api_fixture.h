// An API server of our own for tests of the controller: objects go in and come out past the controller's client.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "demo/api_server.h"
#include "runtime/system_clock.h"

namespace headroom::controller::test {

class ApiFixture : public testing::Test {
 protected:
  using Json = nlohmann::json;

  explicit ApiFixture(std::initializer_list<const char*> namespaces = {"llm", "headroom-system"}) {
    EXPECT_TRUE(server_.start().ok());
    for (const auto* ns : namespaces) {
      call({"POST", "/api/v1/namespaces", R"({"metadata":{"name":")" + std::string(ns) + R"("}})"});
    }
  }
  void install_crds(std::initializer_list<std::string> names) {
    for (const std::string& name : names) {
      apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name + ".powercapping.example.com",
            read("deploy/crds/" + name + ".yaml"));
    }
  }
  std::string call(const demo::ApiServer::Call& made) {
    const auto reply = server_.call(made);
    EXPECT_LT(reply.status, 300) << made.method << " " << made.path << ": " << reply.body;
    return reply.body;
  }
  void apply(const std::string& path, const std::string& body) {
    call({"PATCH", path, body, "application/apply-patch+yaml", {{"fieldManager", "test"}, {"force", "true"}}});
  }
  // An empty object where there is none.
  Json get(const std::string& path) {
    const auto reply = server_.call({"GET", path});
    return reply.status == 200 ? Json::parse(reply.body) : Json::object();
  }
  template <class T>
  T at(const std::string& path, const char* pointer, T otherwise) {
    return get(path).value(Json::json_pointer(pointer), otherwise);
  }
  // Empty: not there (yet).
  std::string condition_field(const std::string& path, const std::string& type, const std::string& field) {
    for (const auto& condition : at(path, "/status/conditions", Json::array())) {
      if (condition["type"] == type) return condition[field];
    }
    return {};
  }
  // "False NoMembers".
  std::string verdict(const std::string& path, const std::string& type) {
    const std::string status = condition_field(path, type, "status");
    return status.empty() ? "" : status + " " + condition_field(path, type, "reason");
  }
  // Waits until it holds; fails the test after 40 s, and shows `objects`.
  void eventually(const std::string& what, const std::function<bool()>& holds,
                  std::initializer_list<std::string> objects = {}) {
    const auto deadline = clock_.mono_now() + base::Seconds(40);
    while (!holds()) {
      if (clock_.mono_now() >= deadline) {
        for (const auto& path : objects) ADD_FAILURE() << get(path).dump(1);
        FAIL() << "never: " << what;
      }
      (void)clock_.wait_until(clock_.mono_now() + base::Milliseconds(20), {});
    }
  }

  runtime::SystemClock clock_;
  demo::ApiServer server_{{}};

 private:
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file.good()) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

}  // namespace headroom::controller::test
