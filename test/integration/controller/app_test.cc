// The whole controller on a whole API server: what stands in objects' statuses, and what survives its restarts.
#include "controller/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "demo/api_server.h"
#include "kube/api_client.h"
#include "kube/config.h"
#include "runtime/system_clock.h"

namespace headroom::controller {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kGroup = "/apis/powercapping.example.com/v1alpha1";
const std::string kHall = kGroup + "/powertopologies/hall";
const std::string kPolicy = kGroup + "/namespaces/llm/powercappingpolicies/p";
const std::string kStored = "/api/v1/namespaces/headroom-system/configmaps/headroom-last-valid-topology";

std::string read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Controlling : public testing::Test {
 protected:
  Controlling() {
    EXPECT_TRUE(server_.start().ok());
    for (const auto* ns : {"llm", "headroom-system"}) {
      call({"POST", "/api/v1/namespaces", R"({"metadata":{"name":")" + std::string(ns) + R"("}})"});
    }
  }
  void install_crds() {
    for (const std::string name : {"powertopologies", "powercappingpolicies"}) {
      apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name + ".powercapping.example.com",
            read("deploy/crds/" + name + ".yaml"));
    }
  }
  void apply_hall(const std::string& rack_fed_by) {
    apply(kHall, R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerTopology","metadata":{"name":"hall"},
        "spec":{"elements":[{"name":"f","type":"Feed","ratedWatts":9000,"fedBy":[]},
          {"name":"r1","type":"Rack","ratedWatts":5000,"fedBy":[{"name":")" +
                     rack_fed_by + R"(","sharePercent":100}]}]}})");
  }
  void apply_policy() {
    apply(kPolicy, R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerCappingPolicy",
        "metadata":{"name":"p","namespace":"llm"},"spec":{"powerCapLimit":500}})");
  }
  void create_pod() {
    call({"POST", "/api/v1/namespaces/llm/pods",
          R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"llm"},
              "spec":{"containers":[{"name":"c","image":"i"}]}})"});
  }
  void call(const demo::ApiServer::Call& made) {
    const auto reply = server_.call(made);
    EXPECT_LT(reply.status, 300) << made.method << " " << made.path << ": " << reply.body;
  }
  void apply(const std::string& path, const std::string& body) {
    call({"PATCH", path, body, "application/apply-patch+yaml", {{"fieldManager", "test"}, {"force", "true"}}});
  }
  json get(const std::string& path) {
    const auto reply = server_.call({"GET", path});
    return reply.status == 200 ? json::parse(reply.body) : json();
  }
  // "False NoMembers"; empty: not there (yet).
  std::string verdict(const std::string& path, const std::string& type) {
    const std::string status = condition_field(path, type, "status");
    return status.empty() ? "" : status + " " + condition_field(path, type, "reason");
  }
  std::string condition_field(const std::string& path, const std::string& type, const std::string& field) {
    const json object = get(path);
    if (!object.is_object()) return {};
    for (const auto& condition : object.value("/status/conditions"_json_pointer, json::array())) {
      if (condition["type"] == type) return condition[field];
    }
    return {};
  }

  struct Replica {
    std::unique_ptr<App> app;
    std::uint16_t port = 0;
  };
  Replica start(const std::string& identity) {
    Config config;
    config.health = {"127.0.0.1", 0, {}};
    config.status_interval = base::Milliseconds(100);
    config.identity = identity;
    config.telemetry.discovery.enabled = false;
    auto app = std::make_unique<App>(config, *kube::config_from_url(server_.url()), clock_);
    const auto port = app->start();
    EXPECT_TRUE(port.ok());
    return {std::move(app), *port};
  }
  std::string ask(const Replica& replica, const std::string& path) {
    kube::ApiClient client(*kube::config_from_url("http://127.0.0.1:" + std::to_string(replica.port)), {}, clock_);
    const auto reply = client.get(path);
    return reply ? *reply : reply.error().message;
  }
  // Waits until it holds; fails the test after 40 s.
  void eventually(const std::string& what, const std::function<bool()>& holds) {
    const auto deadline = clock_.mono_now() + base::Seconds(40);
    while (!holds()) {
      ASSERT_LT(clock_.mono_now(), deadline) << "never: " << what;
      (void)clock_.wait_until(clock_.mono_now() + base::Milliseconds(20), {});
    }
  }

  runtime::SystemClock clock_;
  demo::ApiServer server_{{}};
};

TEST_F(Controlling, WritesStatusesAndStoresTheTopology) {
  install_crds();
  apply_hall("f");
  apply_policy();
  const auto replica = start("one");
  eventually("the hall is valid", [&] { return verdict(kHall, "Valid") == "True Valid"; });
  eventually("the policy has a status", [&] { return verdict(kPolicy, "Ready") == "False NoMembers"; });
  EXPECT_EQ(get(kHall)["status"]["observedGeneration"], get(kHall)["metadata"]["generation"]);
  EXPECT_EQ(get(kHall)["status"]["elements"][1]["limitWatts"], 4000);
  eventually("the spec is stored", [&] { return get(kStored)["data"].contains("hall"); });
  EXPECT_THAT(ask(replica, "/readyz"), HasSubstr("ok"));
  EXPECT_THAT(ask(replica, "/metrics"), HasSubstr("headroom_controller_leads 1"));

  create_pod();
  eventually("the policy has a member", [&] { return verdict(kPolicy, "Ready") == "True Enforced"; });
}

TEST_F(Controlling, IsNotReadyBeforeTheResourcesAreInstalled) {
  const auto replica = start("one");
  EXPECT_EQ(ask(replica, "/livez"), "ok\n");
  eventually("it says why", [&] { return ask(replica, "/readyz").find("CRDsMissing") != std::string::npos; });
  install_crds();
  eventually("it is ready", [&] { return ask(replica, "/readyz") == "ok\n"; });
}

TEST_F(Controlling, KeepsTheLastValidTopologyOverARestart) {
  install_crds();
  apply_hall("f");
  {
    const auto first = start("one");
    eventually("the spec is stored", [&] { return get(kStored)["data"].contains("hall"); });
  }
  apply_hall("nowhere");
  const auto second = start("two");
  eventually("the hall is invalid", [&] { return verdict(kHall, "Valid") == "False LastValidInForce"; });
  EXPECT_THAT(condition_field(kHall, "Valid", "message"),
              HasSubstr("spec.elements[1].fedBy[0].name: no element is called \"nowhere\""));
  EXPECT_THAT(get(kStored)["data"]["hall"].get<std::string>(), testing::Not(HasSubstr("nowhere")));
}

TEST_F(Controlling, AnotherReplicaTakesOverWithoutRewritingWhatIsRight) {
  install_crds();
  apply_hall("f");
  auto first = start("one");
  eventually("the hall is valid", [&] { return verdict(kHall, "Valid") == "True Valid"; });
  const auto second = start("two");
  eventually("the second is ready", [&] { return ask(second, "/readyz") == "ok\n"; });
  EXPECT_THAT(ask(second, "/metrics"), HasSubstr("headroom_controller_leads 0"));
  const std::string since = condition_field(kHall, "Valid", "lastTransitionTime");

  first.app->stop();
  eventually("the second leads",
             [&] { return ask(second, "/metrics").find("headroom_controller_leads 1") != std::string::npos; });
  apply_policy();
  eventually("the second writes", [&] { return verdict(kPolicy, "Ready") == "False NoMembers"; });
  EXPECT_EQ(condition_field(kHall, "Valid", "lastTransitionTime"), since);
}

}  // namespace
}  // namespace headroom::controller
