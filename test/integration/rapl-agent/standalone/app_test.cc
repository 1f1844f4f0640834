// The whole agent in the place of powercap: its environment and no custom resources, an API server that allows what
// powercap's role allows, and the kernel's files as FUSE shows them.
#include "rapl-agent/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "runtime/system_clock.h"
#include "test/integration/rapl-agent/standalone/narrow_api.h"
#include "test/rigs/raplfs_fixture.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent::standalone {
namespace {

using testing::HasSubstr;

class PowercapApp : public testing::Test {
 protected:
  PowercapApp() {
    tree_.command("node node-a server-2s");
    for (int package = 0; package < 2; ++package) originals_[package] = limit(package);
  }

  [[nodiscard]] std::int64_t limit(int package) {
    const auto file = tree_.zone("node-a", "intel-rapl:" + std::to_string(package)) + "/constraint_0_power_limit_uw";
    return std::stoll(headroom::test::read_attribute(file).value_or("0"));
  }
  [[nodiscard]] std::int64_t sum() { return limit(0) + limit(1); }
  void set_limit(int package, std::int64_t microwatts) {
    const auto file = tree_.zone("node-a", "intel-rapl:" + std::to_string(package)) + "/constraint_0_power_limit_uw";
    ASSERT_EQ(headroom::test::write_attribute(file, std::to_string(microwatts)), 0);
  }
  void source_says(std::int64_t watts) { directory_.write("table.csv", "00:00," + std::to_string(watts) + "\n"); }

  // Powercap's environment, with a table in the place of the sun.
  [[nodiscard]] base::Result<Config> configured(Environment environment) {
    environment.emplace("NODE_NAME", "node-a");
    environment.emplace("MAX_SOURCE", "140000000");
    environment.emplace("STABILISATION_TIME", "1");
    environment.emplace("CAP_SOURCE", "table");
    environment.emplace("CAP_SOURCE_URL", directory_.path("table.csv"));
    auto config = with_standalone({}, {}, environment, "rapl-agent");
    if (!config) return config;
    config->settings.timing = core::scaled({}, 20);
    config->health = {"127.0.0.1", 0, {}};
    config->sysfs_root = tree_.sys("node-a");
    config->powercap_root = tree_.powercap("node-a");
    config->journal_path = directory_.path(journal_);
    config->memory_path = "";
    config->write_outside_sysfs = true;
    return config;
  }
  void start(Environment environment = {}) {
    const auto config = configured(std::move(environment));
    ASSERT_TRUE(config.ok()) << config.error().message;
    app_ = std::make_unique<App>(*config, *kube::config_from_url(api_.url()), Clocks{boot_, system_}, [] {});
    const auto port = app_->start();
    ASSERT_TRUE(port.ok()) << port.error().message;
  }
  // Its file system goes with a container, the node's annotations stay.
  void start_in_a_new_container() {
    app_.reset();
    journal_ += "-next";
    start();
  }
  template <class Holds>
  [[nodiscard]] static bool eventually(const Holds& holds) {
    return headroom::test::Raplfs::eventually(holds);
  }

  runtime::SystemClock system_;
  runtime::BootClock boot_;
  headroom::test::TemporaryDirectory directory_;
  headroom::test::Raplfs tree_;
  NarrowApi api_;
  std::string journal_ = "run";
  std::int64_t originals_[2] = {};
  std::unique_ptr<App> app_;
};

TEST_F(PowercapApp, the_source_caps_the_sum_of_the_packages_and_the_node_says_so) {
  api_.create_node("node-a", {{"keep", "me"}});
  source_says(140);
  start();
  ASSERT_TRUE(eventually([&] { return sum() <= 140'000'000; }));
  EXPECT_GE(sum(), 130'000'000);
  ASSERT_TRUE(eventually([&] { return api_.text("node-a", "labels", "rapl/pmax") == std::to_string(sum()); }))
      << api_.metadata("node-a").dump(2);
  EXPECT_EQ(api_.text("node-a", "labels", "rapl0/constraint_0_power_limit_uw"), std::to_string(limit(0)));
  EXPECT_EQ(api_.text("node-a", "labels", "crapl1/constraint_0_power_limit_uw"), std::to_string(originals_[1]));
  EXPECT_EQ(api_.text("node-a", "annotations", "rapl/provider"), "table");
  EXPECT_EQ(api_.text("node-a", "annotations", "rapl/market-period"), "00:00-24:00");
  EXPECT_EQ(api_.text("node-a", "annotations", "power-manager/initialized"), "kcas-power-manager");
  EXPECT_THAT(api_.text("node-a", "annotations", "powercapping.example.com/rapl-originals"),
              HasSubstr("rapl/package-0 msr long_term_limit " + std::to_string(originals_[0])));
  EXPECT_EQ(api_.text("node-a", "labels", "keep"), "me");
}

TEST_F(PowercapApp, a_markets_table_from_a_web_server_caps_and_tells_volume_and_price) {
  api_.create_node("node-a");
  runtime::HttpServer market{{}};
  market.route("GET", "/day.csv", [](const runtime::HttpRequest&) {
    runtime::HttpResponse reply;
    reply.body = "period,share,volume,price\n00:00-24:00,0.75,812.44,61.054\n";
    return reply;
  });
  const auto port = market.start();
  ASSERT_TRUE(port.ok());
  start({{"CAP_SOURCE_URL", "http://127.0.0.1:" + std::to_string(*port) + "/day.csv"},
         {"CAP_SOURCE_UNIT", "share"},
         {"MAX_SOURCE", "160000000"}});
  ASSERT_TRUE(eventually([&] { return sum() <= 120'000'000; }));
  EXPECT_GE(sum(), 110'000'000);
  EXPECT_TRUE(eventually([&] { return api_.text("node-a", "annotations", "rapl/market-price") == "61.05"; }))
      << api_.metadata("node-a").dump(2);
  EXPECT_EQ(api_.text("node-a", "annotations", "rapl/market-volume"), "812.4");
  EXPECT_EQ(api_.text("node-a", "annotations", "rapl/market-period"), "00:00-24:00");
}

TEST_F(PowercapApp, a_cap_that_fell_at_night_rises_in_the_morning) {
  api_.create_node("node-a");
  source_says(0);
  start({{"RAPL_MIN_POWER", "60000000"}});
  ASSERT_TRUE(eventually([&] { return sum() <= 60'000'000; }));
  source_says(400);
  EXPECT_TRUE(eventually([&] { return limit(0) == originals_[0] && limit(1) == originals_[1]; }))
      << limit(0) << " " << limit(1);
}

TEST_F(PowercapApp, a_new_container_knows_the_originals_from_the_node) {
  api_.create_node("node-a");
  source_says(140);
  start();
  ASSERT_TRUE(eventually([&] { return sum() <= 140'000'000; }));
  source_says(400);
  start_in_a_new_container();
  EXPECT_TRUE(eventually([&] { return limit(0) == originals_[0] && limit(1) == originals_[1]; }))
      << limit(0) << " " << limit(1);
}

TEST_F(PowercapApp, what_powercap_capped_before_is_raised_again) {
  api_.create_node("node-a", {{"rapl0/constraint_0_power_limit_uw", "40000000"},
                              {"crapl0/constraint_0_power_limit_uw", std::to_string(originals_[0])},
                              {"crapl1/constraint_0_power_limit_uw", std::to_string(originals_[1])}});
  set_limit(0, 40'000'000);
  set_limit(1, 40'000'000);
  source_says(400);
  start();
  EXPECT_TRUE(eventually([&] { return limit(0) == originals_[0] && limit(1) == originals_[1]; }))
      << limit(0) << " " << limit(1);
}

TEST_F(PowercapApp, by_the_old_reading_each_package_has_the_cap) {
  api_.create_node("node-a");
  source_says(80);
  start({{"POWERCAP_SCOPE", "domain"}});
  ASSERT_TRUE(eventually([&] { return limit(0) == 80'000'000 && limit(1) == 80'000'000; }));
}

TEST_F(PowercapApp, without_the_node_and_without_a_journal_nothing_is_written) {
  source_says(50);
  const auto config = configured({});
  ASSERT_TRUE(config.ok());
  App app(*config, *kube::config_from_url(api_.url()), {boot_, system_}, [] {});
  const auto port = app.start();
  ASSERT_FALSE(port.ok());
  EXPECT_THAT(port.error().message, HasSubstr("node-a"));
  EXPECT_EQ(limit(0), originals_[0]);
}

TEST(PowercapConfig, is_taken_from_the_environment_only_when_it_is_asked_for) {
  const auto usual = with_standalone({}, {}, {{"NODE_NAME", "n"}}, "rapl-agent");
  ASSERT_TRUE(usual.ok());
  EXPECT_FALSE(usual->standalone);
  EXPECT_EQ(usual->settings.mode, core::AgentMode::observe);
  const auto named = with_standalone({}, {}, {{"NODE_NAME", "n"}}, "/usr/bin/powercap");
  ASSERT_TRUE(named.ok());
  ASSERT_TRUE(named->standalone);
  EXPECT_EQ(named->settings.mode, core::AgentMode::enforce);
  EXPECT_EQ(named->node_name, "n");
  EXPECT_EQ(named->powercap_root, named->sysfs_root + "/devices/virtual/powercap");
  Flags flags;
  flags.mode = "Observe";
  EXPECT_EQ(with_standalone({}, flags, {{"NODE_NAME", "n"}, {"MAX_SOURCE", "1"}}, "rapl-agent")->settings.mode,
            core::AgentMode::observe);
}

}  // namespace
}  // namespace headroom::rapl_agent::standalone
