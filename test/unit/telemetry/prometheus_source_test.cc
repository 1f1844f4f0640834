#include "telemetry/prometheus_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telemetry/series_catalog.h"
#include "test/unit/telemetry/scripted_api.h"

namespace headroom::telemetry {
namespace {

using test::at;
using test::row;
using test::unix_seconds;
using testing::Contains;

class ThroughPrometheus : public testing::Test {
 protected:
  void has(const std::vector<std::string>& names) {
    std::vector<Sample> rows;
    for (const std::string& name : names) rows.push_back(row({}, 1, name));
    answers_.rows[presence_query()] = rows;
  }

  // What Prometheus answers for one series: times with the label that tells them, and values.
  static std::string query(const std::string& selector) {
    return "label_replace(timestamp(" + selector + "), \"headroom_row\", \"time\", \"\", \"\") or " + selector;
  }
  static Sample time(std::vector<std::pair<std::string, std::string>> labels, int seconds) {
    labels.emplace_back("headroom_row", "time");
    return row(std::move(labels), unix_seconds(seconds));
  }

  test::ScriptedAnswers answers_;
  PrometheusSource source_{std::make_unique<test::ScriptedApi>(answers_)};
};

TEST_F(ThroughPrometheus, ASampleHasTheTimeAtWhichItsExporterWasScraped) {
  has({"kepler_node_cpu_watts"});
  answers_.rows[query("kepler_node_cpu_watts")] = {
      time({{"zone", "package"}, {"node_name", "a"}}, -3), time({{"node_name", "dead"}, {"zone", "package"}}, -280),
      row({{"node_name", "a"}, {"zone", "package"}}, 100, "kepler_node_cpu_watts"),
      row({{"node_name", "dead"}, {"zone", "package"}}, 90, "kepler_node_cpu_watts")};
  const auto poll = source_.poll();
  ASSERT_TRUE(poll.ok());
  ASSERT_EQ(poll->samples.size(), 2U);
  EXPECT_EQ(poll->samples[0].time, at(-3));
  EXPECT_EQ(poll->samples[1].time, at(-280));
  EXPECT_EQ(poll->samples[1].value, 90);
}

TEST_F(ThroughPrometheus, ARowWhoseAgeIsNotKnownIsDropped) {
  has({"kepler_node_cpu_watts"});
  answers_.rows[query("kepler_node_cpu_watts")] = {row({{"node_name", "a"}}, 100, "kepler_node_cpu_watts")};
  const auto poll = source_.poll();
  ASSERT_TRUE(poll.ok());
  EXPECT_TRUE(poll->samples.empty());
}

TEST_F(ThroughPrometheus, OnlySeriesThatItHasAreAskedForAndTerminatedPodsNever) {
  has({"kepler_pod_cpu_watts", "node_hwmon_sensor_label", "node_rapl_package_joules_total"});
  ASSERT_TRUE(source_.poll().ok());
  EXPECT_THAT(answers_.asked, Contains(query("kepler_pod_cpu_watts{state!=\"terminated\"}")));
  EXPECT_THAT(answers_.asked, Contains(query("node_rapl_package_joules_total")));
  EXPECT_THAT(answers_.asked, Contains("node_hwmon_sensor_label"));
  EXPECT_EQ(answers_.asked.size(), 4U);
}

TEST_F(ThroughPrometheus, ANewExporterIsNoticedWithinSevenPolls) {
  has({"kepler_node_cpu_watts"});
  ASSERT_TRUE(source_.poll().ok());
  has({"kepler_node_cpu_watts", "DCGM_FI_DEV_POWER_USAGE"});
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(source_.poll().ok());
  EXPECT_THAT(answers_.asked, Contains(query("DCGM_FI_DEV_POWER_USAGE")));
}

TEST_F(ThroughPrometheus, OneSeriesThatFailsDoesNotTakeTheOthersWithIt) {
  has({"kepler_node_cpu_watts", "kepler_node_gpu_watts"});
  answers_.errors.emplace(query("kepler_node_gpu_watts"), base::unavailable("too slow"));
  answers_.rows[query("kepler_node_cpu_watts")] = {time({}, -1), row({}, 100, "kepler_node_cpu_watts")};
  const auto poll = source_.poll();
  ASSERT_TRUE(poll.ok());
  EXPECT_EQ(poll->samples.size(), 1U);
  EXPECT_EQ(poll->junk_lines, 1U);
}

TEST_F(ThroughPrometheus, WhereNothingWorksThePollFails) {
  has({"kepler_node_cpu_watts"});
  answers_.errors.emplace(query("kepler_node_cpu_watts"), base::unavailable("down"));
  EXPECT_FALSE(source_.poll().ok());
  answers_.errors.emplace(presence_query(), base::unavailable("down"));
  EXPECT_FALSE(source_.poll().ok());
}

TEST(SeriesCatalog, EverySeriesADialectReadsIsWanted) {
  for (const char* name : {"kepler_node_cpu_watts",
                           "kepler_node_gpu_watts",
                           "kepler_platform_watts",
                           "kepler_pod_cpu_watts",
                           "kepler_pod_gpu_watts",
                           "kepler_node_package_joules_total",
                           "kepler_node_dram_joules_total",
                           "kepler_node_core_joules_total",
                           "kepler_node_gpu_joules_total",
                           "kepler_node_platform_joules_total",
                           "kepler_container_joules_total",
                           "kepler_node_power_watts",
                           "kepler_node_energy_joules_total",
                           "kepler_node_cpu_power_watts",
                           "kepler_node_gpu_power_watts",
                           "kepler_node_platform_watts",
                           "node_rapl_package_joules_total",
                           "node_rapl_package_0_die_joules_total",
                           "node_hwmon_temp_celsius",
                           "node_hwmon_sensor_label",
                           "node_hwmon_chip_names",
                           "node_thermal_zone_temp",
                           "DCGM_FI_DEV_POWER_USAGE",
                           "DCGM_FI_DEV_GPU_TEMP",
                           "ipmi_dcmi_power_consumption_watts",
                           "ipmi_power_watts",
                           "ipmi_temperature_celsius",
                           "redfish_chassis_power_average_consumed_watts",
                           "redfish_chassis_power_powersupply_power_input_watts",
                           "redfish_chassis_temperature_celsius",
                           "idrac_power_control_consumed_watts",
                           "idrac_power_supply_input_watts",
                           "idrac_sensors_temperature"}) {
    EXPECT_TRUE(is_wanted(name)) << name;
  }
  EXPECT_FALSE(is_wanted("kepler_process_cpu_watts"));
  EXPECT_FALSE(is_wanted("node_cpu_seconds_total"));
}

}  // namespace
}  // namespace headroom::telemetry
