#include "controller/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headroom::controller {
namespace {

using testing::HasSubstr;

base::Result<Config> read(std::string_view yaml) {
  const auto tree = runtime::parse_yaml(yaml, "test");
  EXPECT_TRUE(tree.ok());
  return read_config(*tree, "test");
}

TEST(ControllerConfig, AnEmptyFileIsAWorkingConfiguration) {
  const auto config = read("");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->health.port, 9879);
  EXPECT_EQ(config->system_namespace, "headroom-system");
  EXPECT_FALSE(config->scoring.discovery_namespaces.empty());
}

TEST(ControllerConfig, TheShippedFileIsRead) {
  const auto config = load_config("deploy/config/controller.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->health.address, "0.0.0.0");
}

TEST(ControllerConfig, AllProblemsAreToldAndUnknownKeysRefused) {
  const auto config = read("statusInterval: 1h\nlisten: {health: nowhere}\nfuture: 1\n");
  ASSERT_FALSE(config.ok());
  for (const auto* key : {"statusInterval", "listen.health", "future"}) {
    EXPECT_THAT(config.error().message, HasSubstr(key));
  }
}

TEST(ControllerConfig, CappingIsRead) {
  const auto config = read(
      "capping: {period: 500ms, writesPerSecond: 20, newlyCappedPerMinute: 7, graceTime: 15s, agentNamespace: a}\n"
      "lease: {heartbeatName: h}\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->caps_timing.period, base::Milliseconds(500));
  EXPECT_EQ(config->caps_timing.least_interval, base::Milliseconds(500));
  EXPECT_EQ(config->caps_timing.writes_per_second, 20);
  EXPECT_EQ(config->caps.newly_capped_a_minute, 7);
  EXPECT_EQ(config->caps.unheard, base::Seconds(15));
  EXPECT_EQ(config->agent_namespace, "a");
  EXPECT_EQ(config->heartbeat_name, "h");
  EXPECT_FALSE(read("capping: {writesPerSecond: 1000}").ok()) << "the write budget is a bound";
}

TEST(ControllerConfig, FlagsStandInPlaceOfTheFile) {
  const char* const arguments[] = {"headroom-controller", "--kubeconfig", "/k", "--listen-health", "127.0.0.1:0"};
  const auto parsed = parse_flags(5, arguments);
  ASSERT_FALSE(parsed.exit_code.has_value());
  const auto config = effective_config(parsed.flags);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->kubeconfig, "/k");
  EXPECT_EQ(config->health.port, 0);
}

}  // namespace
}  // namespace headroom::controller
