#include "rapl-agent/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "test/support/table.h"
#include "test/support/temporary_directory.h"

namespace headroom::rapl_agent {
namespace {

using testing::HasSubstr;

base::Result<Config> read(std::string_view yaml) {
  const auto tree = runtime::parse_yaml(yaml, "test");
  EXPECT_TRUE(tree.ok());
  return read_config(*tree, "test");
}

TEST(AgentConfig, an_empty_file_observes_and_writes_nothing) {
  const auto config = read("");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->settings.mode, core::AgentMode::observe);
  EXPECT_EQ(config->settings.timing, core::Timing{});
  EXPECT_EQ(config->sysfs_root, "/host/sys");
  EXPECT_EQ(config->powercap_root, "/host/powercap");
  EXPECT_EQ(config->health.port, 9880);
  EXPECT_FALSE(config->hwmon_caps);
  EXPECT_FALSE(config->clocks);
  EXPECT_TRUE(config->settings.clock_limits.empty());
  EXPECT_EQ(config->settings.on_exit, core::OnExit::hold);
  EXPECT_EQ(config->settings.pl2, core::Pl2Policy::ratio);
  EXPECT_EQ(config->gpu_helper, Config::GpuHelper::separate);
  EXPECT_FALSE(config->dcmi.enabled);
  EXPECT_FALSE(config->write_outside_sysfs);
}

// docs/configuration.md has a row for each key of this program and no other, but for those that it shares with the
// extender: the paragraph before the table names them.
TEST(AgentConfig, documentation_lists_exactly_the_keys) {
  std::set<std::string> documented;
  std::string paragraph;
  std::ifstream file("docs/configuration.md");
  bool ours = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) ours = line == "## rapl-agent";
    if (!ours) continue;
    if (line.starts_with("| `")) {
      documented.insert(line.substr(3, line.find('`', 3) - 3));
    } else if (documented.empty()) {
      paragraph += line;
    }
  }
  std::set<std::string> keys;
  for (const std::string& key : config_keys()) {
    bool shared = false;
    for (const char* const section : {"kubeconfig", "systemNamespace", "listen.health", "tls.health", "log"}) {
      EXPECT_THAT(paragraph, HasSubstr("`" + std::string(section) + "`"));
      shared = shared || key == section || key.starts_with(section + std::string("."));
    }
    if (!shared) keys.insert(key);
  }
  EXPECT_EQ(documented, keys);
}

TEST(AgentConfig, the_shipped_file_is_read) {
  const auto config = load_config("deploy/config/agent.yaml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->settings.mode, core::AgentMode::observe);
}

TEST(AgentConfig, everything_that_an_operator_decides_is_read) {
  const auto config = read(R"(
mode: Enforce
fallbackWatts: 400
limits:
  floorWatts: {rapl/package-0: 60, gpu: 150}
  ceilingWatts: {gpu: 500}
  smallestFloorWatts: 25
  shortTermPercent: 120
  pl2Policy: leave
  timeWindow: 500ms
  dram: true
reserve: {staticWatts: 90, measure: false}
timing: {grace: 10m, scale: 20}
rapl: {surfaces: mmio, deadline: 500ms}
gpu: {socket: /s, helper: child, nvmlPath: /l, driverRoots: [/d]}
hwmon: {caps: true, temperatures: false}
algorithm: frequency
clockLimitsMHz: {cpufreq: 2400, cpufreq/policy1: 2000, gpu-clock: 1200}
onExit: restore
dcmi: {enabled: true, interval: 30s}
journalPath: /tmp/journal
nodeName: node-a
)");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->settings.mode, core::AgentMode::enforce);
  EXPECT_EQ(config->settings.fallback, base::watts(400));
  EXPECT_EQ(config->settings.floors.at("rapl/package-0"), base::watts(60));
  EXPECT_EQ(config->settings.ceilings.at("gpu"), base::watts(500));
  EXPECT_EQ(config->settings.smallest_floor, base::watts(25));
  EXPECT_EQ(config->settings.short_term, base::percent(120));
  EXPECT_TRUE(config->settings.cap_dram);
  EXPECT_EQ(config->settings.static_reserve, base::watts(90));
  EXPECT_FALSE(config->settings.measure_reserve);
  EXPECT_EQ(config->settings.timing.grace, base::Seconds(30));
  EXPECT_EQ(config->settings.timing.tick, base::Milliseconds(50));
  EXPECT_EQ(config->rapl_surfaces, powercap::Surfaces::mmio_only);
  EXPECT_EQ(config->sysfs_deadline, base::Milliseconds(500));
  EXPECT_EQ(config->gpu_socket, "/s");
  EXPECT_EQ(config->gpu_helper, Config::GpuHelper::child);
  EXPECT_EQ(config->gpu_nvml_path, "/l");
  EXPECT_EQ(config->gpu_driver_roots, std::vector<std::string>{"/d"});
  EXPECT_TRUE(config->clocks);
  EXPECT_EQ(config->settings.clock_limits.at("cpufreq"), 2'400'000U) << "kHz, as the kernel's file";
  EXPECT_EQ(config->settings.clock_limits.at("cpufreq/policy1"), 2'000'000U);
  EXPECT_EQ(config->settings.clock_limits.at("gpu-clock"), 1'200U) << "MHz, as NVML";
  EXPECT_EQ(config->settings.on_exit, core::OnExit::restore);
  EXPECT_EQ(config->settings.pl2, core::Pl2Policy::leave);
  EXPECT_EQ(config->settings.time_window, base::Milliseconds(500));
  EXPECT_EQ(config->dcmi.interval, base::Seconds(30));
  EXPECT_EQ(config->node_name, "node-a");
}

struct BadRow {
  const char* name;
  const char* yaml;
  const char* field;
};

class BadConfig : public testing::TestWithParam<BadRow> {};

TEST_P(BadConfig, Fault_config_write_zero) {
  const auto config = read(GetParam().yaml);
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message, HasSubstr(GetParam().field));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadConfig,
    testing::Values(BadRow{"a fallback of 0 W", "fallbackWatts: 0", "fallbackWatts"},
                    BadRow{"a negative fallback", "fallbackWatts: -5", "fallbackWatts"},
                    BadRow{"a floor of 0 W", "limits: {floorWatts: {gpu: 0}}", "limits.floorWatts.gpu"},
                    BadRow{"a negative ceiling", "limits: {ceilingWatts: {gpu: -1}}", "limits.ceilingWatts.gpu"},
                    BadRow{"a floor that is no number", "limits: {floorWatts: {gpu: many}}", "limits.floorWatts"},
                    BadRow{"a ceiling below its floor", "limits: {floorWatts: {gpu: 200}, ceilingWatts: {gpu: 100}}",
                           "limits.ceilingWatts.gpu"},
                    BadRow{"a smallest floor of 0 W", "limits: {smallestFloorWatts: 0}", "limits.smallestFloorWatts"},
                    BadRow{"a short-term share of 0", "limits: {shortTermPercent: 0}", "limits.shortTermPercent"},
                    BadRow{"a negative reserve", "reserve: {staticWatts: -1}", "reserve.staticWatts"},
                    BadRow{"a mode that does not exist", "mode: Cap", "mode"},
                    BadRow{"a grace below the heartbeat's time", "timing: {grace: 15s}", "timing.grace"},
                    BadRow{"a scale of 0", "timing: {scale: 0}", "timing.scale"},
                    BadRow{"a surface that does not exist", "rapl: {surfaces: all}", "rapl.surfaces"},
                    BadRow{"an end that does not exist", "onExit: release", "onExit"},
                    BadRow{"a PL2 policy that does not exist", "limits: {pl2Policy: never}", "limits.pl2Policy"},
                    BadRow{"a window of nothing", "limits: {timeWindow: 0ms}", "limits.timeWindow"},
                    BadRow{"an algorithm that does not exist", "algorithm: guess", "algorithm"},
                    BadRow{"an algorithm for clocks without a clock", "algorithm: frequency", "clockLimitsMHz"},
                    BadRow{"a clock of 0", "clockLimitsMHz: {cpufreq: 0}", "clockLimitsMHz.cpufreq"},
                    BadRow{"a clock of something else", "clockLimitsMHz: {gpu: 1000}", "clockLimitsMHz.gpu"},
                    BadRow{"a helper that does not exist", "gpu: {helper: thread}", "gpu.helper"},
                    BadRow{"a child without a socket", "gpu: {helper: child, socket: ''}", "gpu.socket"},
                    BadRow{"a relative path", "powercapRoot: powercap", "powercapRoot"},
                    BadRow{"a key that nobody reads", "budgetWatts: 100", "budgetWatts"}),
    test::RowName());

TEST(AgentConfig, flags_stand_in_place_of_the_file) {
  const char* const arguments[] = {"rapl-agent", "--kubeconfig", "/k", "--listen-health", "127.0.0.1:0", "--mode",
                                   "enforce",    "--node-name",  "n"};
  const auto parsed = parse_flags(9, arguments);
  ASSERT_FALSE(parsed.exit_code.has_value());
  const auto config = effective_config(parsed.flags, {});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->kubeconfig, "/k");
  EXPECT_EQ(config->health.port, 0);
  EXPECT_EQ(config->settings.mode, core::AgentMode::enforce);
  EXPECT_EQ(config->node_name, "n");
}

TEST(AgentConfig, a_wrong_mode_in_the_flags_is_named) {
  Flags flags;
  flags.mode = "release";
  const auto config = effective_config(flags, {});
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message, HasSubstr("--mode"));
}

TEST(AgentConfig, a_gpu_helper_as_a_child_is_refused_inside_kubernetes) {
  const test::TemporaryDirectory directory;
  Flags flags;
  flags.config_file = directory.write("agent.yaml", "gpu: {helper: child}");
  EXPECT_TRUE(effective_config(flags, {.in_kubernetes = false}).ok());
  const auto config = effective_config(flags, {.in_kubernetes = true});
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message, HasSubstr("gpu.helper: child is refused inside Kubernetes"));
}

struct TestSettingRow {
  const char* name;
  const char* yaml;
  unsigned uid;
  bool allowed;
};

class TestSetting : public testing::TestWithParam<TestSettingRow> {};

TEST_P(TestSetting, is_refused_to_root_on_the_real_tree) {
  const test::TemporaryDirectory directory;
  Flags flags;
  flags.config_file = directory.write("agent.yaml", GetParam().yaml);
  EXPECT_EQ(effective_config(flags, {GetParam().uid, false}).ok(), GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, TestSetting,
    testing::Values(
        TestSettingRow{"root on a tree of its own", "testAllowNonSysfs: true", 0, true},
        TestSettingRow{"root on the real sys", "{testAllowNonSysfs: true, sysfsRoot: /sys}", 0, false},
        TestSettingRow{"root below the real sys",
                       "{testAllowNonSysfs: true, powercapRoot: /sys/devices/virtual/powercap}", 0, false},
        TestSettingRow{"a directory that only begins alike", "{testAllowNonSysfs: true, sysfsRoot: /sysfoo}", 0, true},
        TestSettingRow{"somebody else on the real sys", "{testAllowNonSysfs: true, sysfsRoot: /sys}", 1000, true},
        TestSettingRow{"root on the real sys without it", "sysfsRoot: /sys", 0, true}),
    test::RowName());

}  // namespace
}  // namespace headroom::rapl_agent
