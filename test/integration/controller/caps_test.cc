// The whole controller on a whole API server, with agents played by the test: from a policy to orders, their
// acknowledgement, statuses, heartbeat and the next leader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "cli/release_command.h"
#include "controller/app.h"
#include "kube/config.h"
#include "runtime/http_server.h"
#include "test/integration/controller/api_fixture.h"

namespace headroom::controller {
namespace {

using nlohmann::json;

const std::string kGroup = "/apis/powercapping.example.com/v1alpha1";
const std::string kCap = kGroup + "/nodepowercaps/n1";
const std::string kPolicy = kGroup + "/namespaces/llm/powercappingpolicies/p";
const std::string kLease = "/apis/coordination.k8s.io/v1/namespaces/headroom-system/leases/headroom-heartbeat";

class Capping : public test::ApiFixture {
 protected:
  Capping() : ApiFixture({"llm", "other", "headroom-system"}) {
    install_crds({"powertopologies", "powercappingpolicies", "nodepowercaps"});
    call({"POST", "/api/v1/nodes",
          R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},
              "status":{"capacity":{"cpu":"32"},"nodeInfo":{"bootID":"boot-1"}}})"});
  }
  void apply_policy(int package_watts) {
    apply(kPolicy, R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerCappingPolicy",
        "metadata":{"name":"p","namespace":"llm"},
        "spec":{"powerCapLimit":100000,"nodeCaps":[{"nodeSelector":{},"cpuPackageWatts":)" +
                       std::to_string(package_watts) + "}]}}");
  }
  void run_pod(const std::string& ns, const std::string& name) {
    call({"POST", "/api/v1/namespaces/" + ns + "/pods",
          R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name + R"(","namespace":")" + ns +
              R"("},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running"}})"});
  }
  // What the node's agent writes once the order that stands is in force.
  void acknowledge() {
    const json cap = get(kCap);
    const json status = {{"status",
                          {{"state", cap["spec"].value("release", false) ? "Releasing" : "Active"},
                           {"bootID", "boot-1"},
                           {"appliedWatts", 300},
                           {"minWatts", 100},
                           {"maxWatts", 500},
                           {"observed",
                            {{"uid", cap["metadata"]["uid"]},
                             {"epoch", cap["spec"]["epoch"]},
                             {"sequence", cap["spec"]["sequence"]}}}}}};
    call({"PATCH", kCap + "/status", status.dump(), "application/merge-patch+json", {}});
  }
  std::string verdict(const std::string& type) { return ApiFixture::verdict(kPolicy, type); }
  std::unique_ptr<App> start(const std::string& identity, const std::string& prometheus = {}) {
    Config config;
    if (!prometheus.empty()) {
      config.telemetry.prometheus.push_back({"prometheus", prometheus, {}, false});
      config.telemetry.prometheus_interval = base::Milliseconds(100);
    }
    config.health = {"127.0.0.1", 0, {}};
    config.status_interval = base::Milliseconds(100);
    config.caps_timing.period = base::Milliseconds(200);
    config.caps_timing.least_interval = base::Milliseconds(100);
    config.caps_timing.heartbeat = base::Milliseconds(200);
    config.identity = identity;
    config.telemetry.discovery.enabled = false;
    auto app = std::make_unique<App>(config, *kube::config_from_url(server_.url()), clock_);
    EXPECT_TRUE(app->start().ok());
    return app;
  }
  void eventually(const std::string& what, const std::function<bool()>& holds) {
    ASSERT_NO_FATAL_FAILURE(ApiFixture::eventually(what, holds, {kCap, kPolicy}));
  }
};

TEST_F(Capping, APolicyWithTheNodeToItselfEndsAsAnAcknowledgedOrder) {
  apply_policy(120);
  run_pod("llm", "a");
  const auto app = start("one");
  eventually("the node is ordered", [&] { return at(kCap, "/spec/cpuPackageWatts", 0) == 120; });
  EXPECT_EQ(get(kCap)["metadata"]["ownerReferences"][0]["kind"], "Node");
  EXPECT_GE(at(kCap, "/spec/epoch", 0), 1);
  eventually("the policy waits for the node", [&] { return verdict("Capped") == "False Pending"; });
  acknowledge();
  eventually("the policy is in force", [&] {
    if (verdict("Capped") != "True InForce") acknowledge();  // orders may have followed
    return verdict("Capped") == "True InForce" && at(kPolicy, "/status/nodes/capped", 0) == 1;
  });

  apply_policy(90);
  eventually("the tighter cap is ordered", [&] { return at(kCap, "/spec/cpuPackageWatts", 0) == 90; });
}

TEST_F(Capping, ANodeSharedWithOthersIsLeftAloneAndGivenBackWhenOthersArrive) {
  apply_policy(120);
  run_pod("llm", "a");
  const auto app = start("one");
  eventually("the node is ordered", [&] { return at(kCap, "/spec/cpuPackageWatts", 0) == 120; });
  run_pod("other", "b");
  eventually("the policy says why", [&] { return verdict("Capped") == "False SharedNodes"; });
  eventually("the node is let go", [&] { return at(kCap, "/spec/release", false); });
}

TEST_F(Capping, TheHeartbeatGoesOnOnlyWithALeader) {
  auto app = start("one");
  std::string seen;
  eventually("there is a heartbeat", [&] { return !(seen = at(kLease, "/spec/renewTime", std::string())).empty(); });
  eventually("it is renewed", [&] { return at(kLease, "/spec/renewTime", std::string()) != seen; });
  EXPECT_EQ(at(kLease, "/spec/leaseDurationSeconds", 0), 20);
  EXPECT_EQ(at(kLease, "/spec/holderIdentity", std::string()), "one");
  app.reset();
  seen = at(kLease, "/spec/renewTime", std::string());
  app = start("two");
  eventually("the next one beats", [&] { return at(kLease, "/spec/holderIdentity", std::string()) == "two"; });
}

TEST_F(Capping, ANewLeaderStampsWithAHigherEpoch) {
  apply_policy(120);
  run_pod("llm", "a");
  auto app = start("one");
  eventually("the node is ordered", [&] { return at(kCap, "/spec/cpuPackageWatts", 0) == 120; });
  const auto epoch = at(kCap, "/spec/epoch", 0);
  app.reset();
  app = start("two");
  eventually("the order is stamped anew", [&] { return at(kCap, "/spec/epoch", 0) > epoch; });
  EXPECT_EQ(at(kCap, "/spec/cpuPackageWatts", 0), 120);
}

TEST_F(Capping, HeadroomReleaseIsHonouredOnlyWhereNothingNeedsTheCap) {
  apply_policy(120);
  run_pod("llm", "a");
  const auto app = start("one");
  eventually("the node is ordered", [&] { return at(kCap, "/spec/cpuPackageWatts", 0) == 120; });
  cli::ReleaseCommand command;
  command.nodes = {"n1"};
  command.kubeconfig = server_.url();
  const cli::Outcome kept = cli::run_release(command, clock_);
  EXPECT_EQ(kept.status, 1);
  EXPECT_THAT(kept.out, testing::HasSubstr("kept: nodeCaps of a policy ask for a cap here"));
  EXPECT_EQ(at(kCap, "/spec/cpuPackageWatts", 0), 120);

  call({"DELETE", kPolicy});
  eventually("the node is let go", [&] { return at(kCap, "/spec/release", false); });
  acknowledge();
  const cli::Outcome released = cli::run_release(command, clock_);
  EXPECT_EQ(released.status, 0) << released.out << released.err;
  EXPECT_THAT(released.out, testing::HasSubstr("released"));
  EXPECT_EQ(at(kCap, "/metadata/annotations/powercapping.example.com~1release", std::string()), "") << "taken off";
}

TEST_F(Capping, AReleaseThatNobodyCanAnswerIsSaid) {
  cli::ReleaseCommand command;
  command.kubeconfig = server_.url();
  command.nodes = {"n1"};
  EXPECT_THAT(cli::run_release(command, clock_).out, testing::HasSubstr("has no NodePowerCap"));
  command.nodes.clear();
  EXPECT_EQ(cli::run_release(command, clock_).status, 2);
  call({"POST", kGroup + "/nodepowercaps",
        R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"NodePowerCap","metadata":{"name":"n1"},
            "spec":{"epoch":1,"sequence":1}})"});
  command.all = true;
  command.wait = base::Milliseconds(1);
  EXPECT_EQ(cli::run_release(command, clock_).status, 1);
  command.withdraw = true;
  EXPECT_THAT(cli::run_release(command, clock_).out, testing::HasSubstr("withdrawn"));
}

TEST_F(Capping, ADeletedOrderIsCreatedAnew) {
  apply_policy(120);
  run_pod("llm", "a");
  const auto app = start("one");
  eventually("the node is ordered", [&] { return at(kCap, "/spec/cpuPackageWatts", 0) == 120; });
  const std::string uid = get(kCap)["metadata"]["uid"];
  call({"DELETE", kCap});
  eventually("there is another", [&] {
    const std::string now = at(kCap, "/metadata/uid", uid);
    return now != uid && at(kCap, "/spec/cpuPackageWatts", 0) == 120;
  });
}

// What moves, and when: controller/ratios_test. Here: the query reaches Prometheus and what comes of it the status.
TEST_F(Capping, APolicysPerformanceIsAskedOfPrometheusAndItsStatusSaysThatNothingMovesYet) {
  std::mutex mutex;
  std::string asked;
  runtime::HttpServerOptions options;
  options.name = "prometheus";
  options.address = "127.0.0.1";
  runtime::HttpServer prometheus(options);
  prometheus.route("POST", "/api/v1/query", [&](const runtime::HttpRequest& request) {
    const std::lock_guard lock(mutex);
    asked += request.body + "\n";
    runtime::HttpResponse response;
    response.body = R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"7"]}]}})";
    return response;
  });
  const auto port = prometheus.start();
  ASSERT_TRUE(port.ok());
  apply(kPolicy, R"j({"apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerCappingPolicy",
      "metadata":{"name":"p","namespace":"llm"},"spec":{"powerCapLimit":1000,"performanceQuery":"sum(tokens)",
      "performancePowerRatio":{"targetRatio":0.8}}})j");
  run_pod("llm", "a");
  const auto app = start("one", "http://127.0.0.1:" + std::to_string(*port));
  eventually("Prometheus is asked", [&] {
    const std::lock_guard lock(mutex);
    return asked.find("sum%28tokens%29") != std::string::npos || asked.find("sum(tokens)") != std::string::npos;
  });
  eventually("the policy says what is missing",
             [&] { return verdict("PerformanceRatio") == "False NoPerformanceData"; });
  EXPECT_EQ(verdict("NotEvaluated"), "False AllFieldsEvaluated");
}

}  // namespace
}  // namespace headroom::controller
