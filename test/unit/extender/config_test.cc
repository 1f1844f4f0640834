#include "extender/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <sstream>

#include "extender/flags.h"
#include "test/support/table.h"

namespace headroom::extender {
namespace {

using nlohmann::json;
using testing::HasSubstr;

base::Result<Config> config_from(std::string_view yaml) {
  const auto tree = runtime::parse_yaml(yaml, "test.yaml");
  if (!tree) return tree.error();
  return read_config(*tree, "test.yaml");
}

TEST(Config, AnEmptyFileIsTheDefaults) {
  const auto config = config_from("");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(print_config(*config), print_config(Config()));
  EXPECT_EQ(config->verbs.address, "127.0.0.1");
  EXPECT_EQ(config->health.address, "0.0.0.0");
}

TEST(Config, EveryKeyOfTheFullFileArrives) {
  const auto config = load_config("test/data/extender/full.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const json defaults = json::parse(print_config(Config())).flatten();
  const json full = json::parse(print_config(*config)).flatten();
  for (const auto& [key, value] : defaults.items()) {
    if (key.find("deviceWatts") != std::string::npos || key.find("/auth/") != std::string::npos) continue;
    if (key.find("/namespaces/") != std::string::npos && !full.contains(key)) continue;  // a shorter list
    if (!full.contains(key)) {
      EXPECT_TRUE(value.is_null()) << key << " is lost";  // an empty list or map of the defaults
      continue;
    }
    EXPECT_NE(full[key], value) << key << " has its default: the file does not reach it";
  }
  EXPECT_EQ(config->scoring.default_class.device_watts.at("example.com/fpga"), base::watts(75));
  EXPECT_EQ(config->scoring.discovery_namespaces, std::vector<std::string>{"metering"});
}

TEST(Config, PrintedAndReadAgainIsTheSame) {
  const auto config = load_config("test/data/extender/full.yaml");
  ASSERT_TRUE(config.ok());
  const auto again = config_from(print_config(*config));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(print_config(*again), print_config(*config));
}

TEST(Config, ShippedDeployFileIsValid) {
  const auto config = load_config("deploy/config/extender.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->verbs.port, 9876);
}

// docs/configuration.md has a row "| `path.of.key` | ..." for each key and no other.
TEST(Config, DocumentationListsExactlyTheKeys) {
  const auto config = load_config("test/data/extender/full.yaml");
  ASSERT_TRUE(config.ok());
  std::set<std::string> keys;
  const json flat = json::parse(print_config(*config)).flatten();
  for (const auto& [pointer, value] : flat.items()) {
    std::string key;
    std::istringstream parts(pointer.substr(1));
    for (std::string part; std::getline(parts, part, '/');) {
      if (part.find_first_not_of("0123456789") == std::string::npos) {
        key += "[]";
      } else {
        key += (key.empty() ? "" : ".") + part;
      }
    }
    for (const char* free : {"deviceWatts", "bmcNodes"}) {
      if (const auto at = key.find(std::string(free) + "."); at != std::string::npos) {
        key.resize(at + std::string(free).size());
      }
    }
    for (const char* list : {"namespaces[]", "allowedClientSANs[]"}) {
      if (key.ends_with(list)) key.resize(key.size() - 2);
    }
    keys.insert(key);
  }
  std::set<std::string> documented;
  std::ifstream file("docs/configuration.md");
  for (std::string line; std::getline(file, line);) {
    if (line == "## rapl-agent") break;  // the agent has keys of its own
    if (line.rfind("| `", 0) != 0) continue;
    documented.insert(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_EQ(documented, keys);
}

struct WrongRow {
  const char* name;
  const char* yaml;
  const char* message;
};
void PrintTo(const WrongRow& row, std::ostream* out) {
  *out << row.name;
}

class WrongConfig : public testing::TestWithParam<WrongRow> {};

TEST_P(WrongConfig, IsRefusedNamingTheKey) {
  const auto config = config_from(GetParam().yaml);
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(config.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongConfig,
    testing::Values(WrongRow{"unknown key", "colour: red", "colour"},  //
                    WrongRow{"unknown nested key", "requeue: {often: true}", "requeue.often"},
                    WrongRow{"port out of range", "listen: {verbs: '127.0.0.1:70000'}", "listen.verbs"},
                    WrongRow{"address without port", "listen: {bind: localhost}", "listen.bind"},
                    WrongRow{"bare IPv6", "listen: {bind: '::1:80'}", "brackets"},
                    WrongRow{"certificate without key", "tls: {verbs: {certFile: /a}}", "tls.verbs.keyFile"},
                    WrongRow{"SANs without CA", "tls: {verbs: {certFile: /a, keyFile: /b, allowedClientSANs: [x]}}",
                             "tls.verbs.allowedClientSANs (line 1): needs clientCAFile"},
                    WrongRow{"intervals in the wrong order", "requeue: {firstInterval: 5s, longestInterval: 2s}",
                             "requeue.longestInterval"},
                    WrongRow{"books slower than a second", "decisionInterval: 5s", "decisionInterval"},
                    WrongRow{"maximum below idle", "defaultNodeClass: {idleWatts: 300, maxWatts: 200}",
                             "defaultNodeClass.maxWatts"},
                    WrongRow{"negative device watts", "defaultNodeClass: {deviceWatts: {nvidia.com/gpu: -1}}",
                             "defaultNodeClass.deviceWatts.nvidia.com/gpu"},
                    WrongRow{"exporter without URL", "telemetry: {exporters: [{name: a}]}",
                             "telemetry.exporters[0].url"},
                    WrongRow{"duration without unit", "bind: {timeout: 3}", "bind.timeout"}),
    test::RowName());

TEST(Config, AllProblemsComeAtOnce) {
  const auto config = config_from("a: 1\nlisten: {verbs: x}\nbind: {timeout: soon}");
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message,
              testing::AllOf(HasSubstr("a"), HasSubstr("listen.verbs"), HasSubstr("bind.timeout")));
}

TEST(Flags, StandInPlaceOfTheFile) {
  const char* argv[] = {"headroom-extender", "--config", "deploy/config/extender.yaml", "--listen-verbs", "127.0.0.1:0",
                        "--log-level",       "warning"};
  const ParsedFlags parsed = parse_flags(7, argv);
  ASSERT_FALSE(parsed.exit_code);
  const auto config = effective_config(parsed.flags);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->verbs.port, 0);
  EXPECT_EQ(config->log.level, runtime::LogLevel::warning);
}

TEST(Flags, AWrongFlagEndsTheProgramWithTwo) {
  const char* argv[] = {"headroom-extender", "--colour"};
  EXPECT_EQ(parse_flags(2, argv).exit_code, 2);
}

TEST(Flags, AWrongValueNamesTheFlag) {
  Flags flags;
  flags.listen_bind = "nowhere";
  const auto config = effective_config(flags);
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message, HasSubstr("--listen-bind"));
}

}  // namespace
}  // namespace headroom::extender
