// One node with its tree, and the API server through which it gets orders: what tests of the whole agent stand on. The
// agent itself is the test's, in this process or as a program.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "demo/api_server.h"
#include "kube/api_client.h"
#include "kube/api_time.h"
#include "runtime/file.h"
#include "runtime/system_clock.h"
#include "test/rigs/raplfs_fixture.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::test {

using nlohmann::json;

class AgentCluster : public testing::Test {
 protected:
  static inline const std::string kCaps = "/apis/powercapping.example.com/v1alpha1/nodepowercaps";
  static inline const std::string kLeases = "/apis/coordination.k8s.io/v1/namespaces/headroom-system/leases";

  AgentCluster() {
    EXPECT_TRUE(server_.start().ok());
    call({"POST", "/api/v1/namespaces", R"({"metadata":{"name":"headroom-system"}})"});
    apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepowercaps.powercapping.example.com",
          *runtime::read_file("deploy/crds/nodepowercaps.yaml"));
    tree_.command("node node-a server-2s");
  }

  void call(const demo::ApiServer::Call& made) {
    const auto reply = server_.call(made);
    EXPECT_LT(reply.status, 300) << made.method << " " << made.path << ": " << reply.body;
  }
  void apply(const std::string& path, const std::string& body) {
    call({"PATCH", path, body, "application/apply-patch+yaml", {{"fieldManager", "test"}, {"force", "true"}}});
  }
  void order(const std::string& spec) {
    apply(
        kCaps + "/node-a",
        R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"NodePowerCap","metadata":{"name":"node-a"},"spec":)" +
            spec + "}");
  }
  void beat() {
    apply(kLeases + "/headroom-heartbeat",
          R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"headroom-heartbeat",
              "namespace":"headroom-system"},"spec":{"renewTime":")" +
              kube::format_micro_time(system_.wall_now()) + R"("}})");
  }
  json status() {
    const auto reply = server_.call({"GET", kCaps + "/node-a"});
    return reply.status == 200 ? json::parse(reply.body).value("status", json::object()) : json::object();
  }
  std::string state() { return status().value("state", ""); }
  std::int64_t acknowledged() { return status().value("/observed/sequence"_json_pointer, std::int64_t{0}); }
  // The heartbeat goes on while we wait.
  [[nodiscard]] bool eventually(const std::function<bool()>& holds) {
    return headroom::test::Raplfs::eventually([&] {
      beat();
      return holds();
    });
  }
  std::string limit(const std::string& zone, const std::string& file = "constraint_0_power_limit_uw") {
    return headroom::test::read_attribute(tree_.zone("node-a", zone) + "/" + file).value_or("");
  }

  runtime::SystemClock system_;
  headroom::test::TemporaryDirectory directory_;
  headroom::test::Raplfs tree_;
  demo::ApiServer server_{{}};
};

}  // namespace headroom::rapl_agent::test
