// The whole agent between an API server and the kernel's files as FUSE shows them: orders in, limits read back, status
// out.
#include "rapl-agent/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "test/integration/rapl-agent/agent_cluster.h"

namespace headroom::rapl_agent {
namespace {

using test::json;

class AgentApp : public test::AgentCluster {
 protected:
  void start(core::AgentMode mode = core::AgentMode::enforce) {
    Config config;
    config.settings.mode = mode;
    config.settings.timing = core::scaled({}, 20);
    config.settings.timing.grace = base::Seconds(2);
    config.settings.static_reserve = base::watts(40);
    config.settings.measure_reserve = false;
    config.node_name = "node-a";
    config.health = {"127.0.0.1", 0, {}};
    config.sysfs_root = tree_.sys("node-a");
    config.powercap_root = tree_.powercap("node-a");
    config.journal_path = directory_.path("run");
    config.memory_path = directory_.path("lib");
    config.write_outside_sysfs = true;
    app_ = std::make_unique<App>(config, *kube::config_from_url(server_.url()), Clocks{boot_, system_}, [] {});
    const auto port = app_->start();
    ASSERT_TRUE(port.ok()) << port.error().message;
    port_ = *port;
  }
  std::string ask(const std::string& path) {
    kube::ApiClient client(*kube::config_from_url("http://127.0.0.1:" + std::to_string(port_)), {}, system_);
    const auto reply = client.get(path);
    return reply ? *reply : reply.error().message;
  }

  runtime::BootClock boot_;
  std::unique_ptr<App> app_;
  std::uint16_t port_ = 0;
};

TEST_F(AgentApp, an_order_becomes_limits_that_read_back_and_a_status_that_acknowledges_it) {
  order(R"({"epoch":1,"sequence":1,"budgetWatts":240,"fallbackWatts":200,"reserveWatts":40})");
  beat();
  start();
  ASSERT_TRUE(eventually([&] { return acknowledged() == 1; })) << status().dump(2) << ask("/debug/state");
  EXPECT_EQ(state(), "Active");
  const auto first = std::stoll(limit("intel-rapl:0"));
  const auto second = std::stoll(limit("intel-rapl:1"));
  EXPECT_LE(first + second, 200'000'000);
  EXPECT_GE(first + second, 190'000'000);
  EXPECT_LE(status()["appliedWatts"], 240);
  EXPECT_EQ(status()["domains"].size(), 2U);
  EXPECT_EQ(status()["conditions"][1]["type"], "Ready");
  EXPECT_EQ(status()["conditions"][1]["status"], "True");

  order(R"({"epoch":1,"sequence":2,"budgetWatts":180,"fallbackWatts":160,"reserveWatts":40})");
  ASSERT_TRUE(eventually([&] { return acknowledged() == 2; })) << status().dump(2);
  EXPECT_LE(std::stoll(limit("intel-rapl:0")) + std::stoll(limit("intel-rapl:1")), 140'000'000);
}

TEST_F(AgentApp, explicit_package_caps_are_honoured) {
  order(R"({"epoch":1,"sequence":1,"cpuPackageWatts":80})");
  start();
  ASSERT_TRUE(eventually([&] { return acknowledged() == 1; })) << status().dump(2) << ask("/debug/state");
  EXPECT_EQ(limit("intel-rapl:0"), "80000000\n");
  EXPECT_EQ(limit("intel-rapl:1"), "80000000\n");
}

TEST_F(AgentApp, silence_leads_to_the_fallback_and_a_deleted_order_releases_nothing) {
  order(R"({"epoch":1,"sequence":1,"budgetWatts":240,"fallbackWatts":160,"reserveWatts":40})");
  start();
  ASSERT_TRUE(eventually([&] { return acknowledged() == 1; })) << status().dump(2);
  call({"DELETE", kCaps + "/node-a"});
  // No more heartbeats: the grace time passes.
  EXPECT_TRUE(headroom::test::Raplfs::eventually([&] {
    return std::stoll(limit("intel-rapl:0")) + std::stoll(limit("intel-rapl:1")) <= 120'000'000;
  })) << ask("/debug/state");
}

TEST_F(AgentApp, Fault_release_command) {
  order(R"({"epoch":1,"sequence":1,"budgetWatts":200})");
  start();
  ASSERT_TRUE(eventually([&] { return acknowledged() == 1; })) << status().dump(2);
  order(R"({"epoch":1,"sequence":2,"release":true})");
  EXPECT_TRUE(eventually([&] {
    return limit("intel-rapl:0") == "125000000\n" && limit("intel-rapl:1") == "125000000\n" &&
           limit("intel-rapl:0", "constraint_1_power_limit_uw") == "150000000\n";
  })) << ask("/debug/state");
}

TEST_F(AgentApp, observe_writes_nothing_and_says_what_could_be_capped) {
  order(R"({"epoch":1,"sequence":1,"budgetWatts":200})");
  start(core::AgentMode::observe);
  ASSERT_TRUE(eventually([&] { return state() == "Observe"; })) << status().dump(2);
  EXPECT_EQ(acknowledged(), 0);
  EXPECT_EQ(status()["domains"].size(), 2U);
  EXPECT_TRUE(tree_.writes().empty());
}

TEST_F(AgentApp, a_paused_cluster_is_not_raised_and_its_status_says_so) {
  order(R"({"epoch":1,"sequence":1,"budgetWatts":200})");
  start();
  ASSERT_TRUE(eventually([&] { return acknowledged() == 1 && state() == "Active"; })) << status().dump(2);
  call({"PATCH", kLeases + "/headroom-heartbeat",
        R"({"metadata":{"annotations":{"powercapping.example.com/paused":"true"}}})", "application/merge-patch+json"});
  ASSERT_TRUE(eventually([&] { return state() == "Holding"; })) << status().dump(2) << ask("/debug/state");
  EXPECT_NE(ask("/metrics").find("\nrapl_agent_paused 1"), std::string::npos);
  EXPECT_EQ(json::parse(ask("/debug/state"))["paused"], true);
  const std::size_t written = tree_.writes().size();
  order(R"({"epoch":1,"sequence":2,"budgetWatts":260})");
  ASSERT_TRUE(eventually([&] { return acknowledged() == 2; })) << status().dump(2);
  EXPECT_EQ(tree_.writes().size(), written) << "a raise waits";
  EXPECT_EQ(status()["conditions"][1]["message"], "the cluster is paused");
  order(R"({"epoch":1,"sequence":3,"budgetWatts":170})");
  ASSERT_TRUE(eventually([&] {
    return std::stoll(limit("intel-rapl:0")) + std::stoll(limit("intel-rapl:1")) <= 130'000'000;
  })) << ask("/debug/state");
}

TEST_F(AgentApp, Fault_sigterm_default) {
  order(R"({"epoch":1,"sequence":1,"budgetWatts":200})");
  start();
  ASSERT_TRUE(eventually([&] { return acknowledged() == 1; })) << status().dump(2);
  const std::string held = limit("intel-rapl:0");
  app_->stop();
  EXPECT_EQ(state(), "Stopping");
  EXPECT_EQ(limit("intel-rapl:0"), held);
}

TEST_F(AgentApp, answers_on_its_pages) {
  start();
  ASSERT_TRUE(eventually([&] { return ask("/readyz") == "ok\n"; }));
  EXPECT_EQ(ask("/livez"), "ok\n");
  EXPECT_TRUE(eventually([&] { return ask("/metrics").find("rapl_agent_power_watts") != std::string::npos; }));
  EXPECT_EQ(json::parse(ask("/debug/state"))["node"], "node-a");
}

}  // namespace
}  // namespace headroom::rapl_agent
