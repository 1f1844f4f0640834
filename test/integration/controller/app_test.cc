// The whole controller on a whole API server: what stands in objects' statuses, and what survives its restarts.
#include "controller/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kube/api_client.h"
#include "kube/config.h"
#include "test/integration/controller/api_fixture.h"

namespace headroom::controller {
namespace {

using testing::HasSubstr;

const std::string kGroup = "/apis/powercapping.example.com/v1alpha1";
const std::string kHall = kGroup + "/powertopologies/hall";
const std::string kPolicy = kGroup + "/namespaces/llm/powercappingpolicies/p";
const std::string kStored = "/api/v1/namespaces/headroom-system/configmaps/headroom-last-valid-topology";

class Controlling : public test::ApiFixture {
 protected:
  void install_crds() { ApiFixture::install_crds({"powertopologies", "powercappingpolicies"}); }
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
