#include <gtest/gtest.h>

#include "telemetry/sensor_names.h"
#include "test/support/table.h"
#include "test/unit/telemetry/pages.h"

namespace headroom::telemetry {
namespace {

using model::Grade;
using model::PowerScope;
using test::celsius;
using test::file;
using test::page;
using test::read;
using test::watts;

Readings read_twice(const std::string& first, const std::string& second, int seconds) {
  CounterMemory counters;
  (void)read(page(first, test::at(0)), counters);
  return read(page(second, test::at(seconds)), counters);
}

TEST(NodeExporter, RecordedCountersBecomeWattsSummedOverSockets) {
  const Readings readings = read_twice(file("node_exporter/node_exporter-1.5-rapl-hwmon-1.prom"),
                                       file("node_exporter/node_exporter-1.5-rapl-hwmon-2.prom"), 5);
  const double package = (1213.436231 - 292.926004 + 980.820766 - 264.868369) / 5;
  const double dram = (170.303688 - 59.842472 + 174.982427 - 89.068147) / 5;
  EXPECT_NEAR(watts(readings, PowerScope::package_dram).value_or(0), package + dram, 0.001);
  EXPECT_NEAR(watts(readings, PowerScope::psys).value_or(0), (2986.321052 - 777.096487) / 5, 0.001);
}

TEST(NodeExporter, RecordedHwmonTellsInletFromPackage) {
  const Readings readings = read(file("node_exporter/node_exporter-1.5-rapl-hwmon-1.prom"));
  EXPECT_EQ(celsius(readings, TemperatureKind::inlet), 24.5);
  EXPECT_EQ(celsius(readings, TemperatureKind::package), 61);
  EXPECT_EQ(celsius(readings, TemperatureKind::gpu), std::nullopt);
}

std::string package(const std::string& index, const std::string& path, double joules) {
  return "node_rapl_package_joules_total{index=\"" + index + "\",path=\"" + path + "\"} " + std::to_string(joules) +
         "\n";
}

TEST(NodeExporter, AWrapOfOneSocketGivesNoReadingRatherThanHalfOfIt) {
  const std::string before = package("0", "a", 262000) + package("1", "b", 1000);
  const std::string after = package("0", "a", 50) + package("1", "b", 2000);
  EXPECT_EQ(watts(read_twice(before, after, 5), PowerScope::package_dram), std::nullopt);
}

TEST(NodeExporter, ASocketThatVanishesGivesNoReadingRatherThanHalfOfIt) {
  const std::string before = package("0", "a", 1000) + package("1", "b", 1000);
  EXPECT_EQ(watts(read_twice(before, package("0", "a", 2000), 5), PowerScope::package_dram), std::nullopt);
}

TEST(NodeExporter, TheMemoryMappedMirrorOfASocketCountsOnce) {
  const std::string mirror = "/sys/class/powercap/intel-rapl-mmio:0";
  const std::string before = package("0", "/sys/class/powercap/intel-rapl:0", 0) + package("1", mirror, 0);
  const std::string after = package("0", "/sys/class/powercap/intel-rapl:0", 500) + package("1", mirror, 500);
  EXPECT_EQ(watts(read_twice(before, after, 5), PowerScope::package_dram), 100);
}

TEST(NodeExporter, DiesOfAPackageAddUp) {
  const auto die = [](const char* n, const char* joules) {
    return std::string("node_rapl_package_") + n + "_die_joules_total{index=\"" + n + "\",path=\"" + n + "\"} " +
           joules + "\n";
  };
  EXPECT_EQ(
      watts(read_twice(die("0", "0") + die("1", "0"), die("0", "500") + die("1", "250"), 5), PowerScope::package_dram),
      150);
}

TEST(NodeExporter, ASensorWithoutLabelIsNamedByItsChip) {
  const Readings readings = read(
      "node_hwmon_chip_names{chip=\"i2c_1\",chip_name=\"inlet_sensor\"} 1\n"
      "node_hwmon_temp_celsius{chip=\"i2c_1\",sensor=\"temp1\"} 27.25\n"
      "node_hwmon_temp_celsius{chip=\"nvme\",sensor=\"temp1\"} 44\n");
  EXPECT_EQ(celsius(readings, TemperatureKind::inlet), 27.25);
  EXPECT_EQ(readings.temperatures.size(), 1U);
}

TEST(NodeExporter, TheHottestInletCountsAndAbsurdOnesDoNot) {
  std::string text;
  int sensor = 0;
  for (const char* value : {"21", "29.5", "NaN", "-128", "255", "9.2e18"}) {
    const std::string name = "temp" + std::to_string(++sensor);
    text += "node_hwmon_sensor_label{chip=\"c\",label=\"Inlet Temp\",sensor=\"" + name + "\"} 1\n";
    text += "node_hwmon_temp_celsius{chip=\"c\",sensor=\"" + name + "\"} " + value + "\n";
  }
  const Readings readings = read(text);
  EXPECT_EQ(celsius(readings, TemperatureKind::inlet), 29.5);
  EXPECT_EQ(readings.rejected.size(), 4U);
}

TEST(Dcgm, WattsOfAllGpusAddUpAndBelongToPodsWhereTheyAreTheirs) {
  const Readings readings = read(file("node_exporter/dcgm.prom"));
  EXPECT_EQ(watts(readings, PowerScope::gpu), 784);
  EXPECT_EQ(readings.power[0].reading.devices, 4U);
  EXPECT_EQ(readings.power[0].reading.window_start, test::at(-30));
  EXPECT_EQ(test::pod_watts(readings, "ml/train-0", PodPart::gpu), 605.75);
  EXPECT_EQ(celsius(readings, TemperatureKind::gpu), 63);
}

TEST(Dcgm, ABlankValueIsNoReading) {
  const Readings readings = read(
      "DCGM_FI_DEV_POWER_USAGE{UUID=\"a\"} 140737488355328\nDCGM_FI_DEV_POWER_USAGE{UUID=\"b\"} 100\n"
      "DCGM_FI_DEV_GPU_TEMP{UUID=\"a\"} 2147483632\n");
  EXPECT_EQ(watts(readings, PowerScope::gpu), 100);
  EXPECT_EQ(readings.power[0].reading.grade, Grade::partial);
  EXPECT_TRUE(readings.temperatures.empty());
}

TEST(Dcgm, MigInstancesShowTheWholeGpuAndBelongToNobody) {
  const Readings readings = read(
      "DCGM_FI_DEV_POWER_USAGE{UUID=\"a\",GPU_I_ID=\"1\",namespace=\"n\",pod=\"p\"} 300\n"
      "DCGM_FI_DEV_POWER_USAGE{UUID=\"a\",GPU_I_ID=\"2\",namespace=\"n\",pod=\"q\"} 300\n");
  EXPECT_EQ(watts(readings, PowerScope::gpu), 300);
  EXPECT_EQ(readings.power[0].reading.devices, 1U);
  EXPECT_TRUE(readings.pods.empty());
}

TEST(Dcgm, APodWithOneInstanceOfAGpuDoesNotGetTheWholeGpusWatts) {
  const Readings readings = read("DCGM_FI_DEV_POWER_USAGE{UUID=\"a\",GPU_I_ID=\"1\",namespace=\"n\",pod=\"p\"} 300\n");
  EXPECT_EQ(watts(readings, PowerScope::gpu), 300);
  EXPECT_TRUE(readings.pods.empty());
}

TEST(Dcgm, ThroughPrometheusTheExportersOwnPodIsNotTheWorkload) {
  const Readings readings = read(
      "DCGM_FI_DEV_POWER_USAGE{UUID=\"a\",job=\"dcgm\",namespace=\"gpu-operator\",pod=\"dcgm-x\"} 80\n"
      "DCGM_FI_DEV_POWER_USAGE{UUID=\"b\",job=\"dcgm\",namespace=\"gpu-operator\",pod=\"dcgm-x\",exported_namespace="
      "\"ml\","
      "exported_pod=\"train\"} 300\n");
  ASSERT_EQ(readings.pods.size(), 1U);
  EXPECT_EQ(readings.pods[0].pod, "ml/train");
}

TEST(Ipmi, TheHighestOfItsFiguresCounts) {
  const Readings readings = read(file("node_exporter/ipmi.prom"));
  EXPECT_EQ(watts(readings, PowerScope::wall), 612);
  EXPECT_EQ(celsius(readings, TemperatureKind::inlet), 23);
  EXPECT_EQ(celsius(readings, TemperatureKind::package), 66);
}

TEST(Ipmi, SuppliesAddUpWhereNoSensorMeansTheMachine) {
  const Readings readings = read(
      "ipmi_power_watts{id=\"1\",name=\"PS1 Input Power\"} 310\nipmi_power_watts{id=\"2\",name=\"PS2 Input Power\"} "
      "300\n"
      "ipmi_power_watts{id=\"3\",name=\"PS1 Output Power\"} 290\nipmi_power_watts{id=\"4\",name=\"CPU Power\"} 200\n");
  EXPECT_EQ(watts(readings, PowerScope::wall), 610);
}

TEST(Redfish, SupplyInputsCountWhereTheyShowMore) {
  const Readings readings = read(file("node_exporter/redfish.prom"));
  EXPECT_EQ(watts(readings, PowerScope::wall), 620);
  EXPECT_EQ(readings.power.size(), 1U);
  EXPECT_EQ(celsius(readings, TemperatureKind::inlet), 22.5);
}

TEST(Redfish, ASupplyInStandbyThatIsNotReadLeavesTheFigureThatIsComplete) {
  const Readings readings = read(
      "redfish_chassis_power_average_consumed_watts{chassis_id=\"1\"} 590\n"
      "redfish_chassis_power_powersupply_power_input_watts{chassis_id=\"1\",power_supply_id=\"0\"} 600\n"
      "redfish_chassis_power_powersupply_power_input_watts{chassis_id=\"1\",power_supply_id=\"1\"} NaN\n");
  EXPECT_EQ(watts(readings, PowerScope::wall), 590);
  EXPECT_EQ(readings.power[0].reading.grade, Grade::measured);
}

TEST(Ipmi, BothNamesOfOneFigureGiveOneReading) {
  const Readings readings =
      read("ipmi_dcmi_power_consumption_current_watts 500\nipmi_dcmi_power_consumption_watts 480\n");
  ASSERT_EQ(readings.power.size(), 1U);
  EXPECT_EQ(watts(readings, PowerScope::wall), 500);
}

TEST(Idrac, ReadsWattsAndInlet) {
  const Readings readings = read(file("node_exporter/idrac.prom"));
  EXPECT_EQ(watts(readings, PowerScope::wall), 595);
  EXPECT_EQ(celsius(readings, TemperatureKind::inlet), 21);
  EXPECT_EQ(celsius(readings, TemperatureKind::package), 58);
}

struct SensorRow {
  std::string name;
  std::optional<TemperatureKind> kind;
};
class Sensor : public testing::TestWithParam<SensorRow> {};
TEST_P(Sensor, IsToldByItsName) {
  EXPECT_EQ(kind_of_sensor(GetParam().name), GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Sensor,
    testing::Values(SensorRow{"Inlet Temp", TemperatureKind::inlet},
                    SensorRow{"System Board Inlet Temp", TemperatureKind::inlet},
                    SensorRow{"01-Inlet Ambient", TemperatureKind::inlet}, SensorRow{"Ambient", TemperatureKind::inlet},
                    SensorRow{"inlet_sensor", TemperatureKind::inlet}, SensorRow{"Air Intake", TemperatureKind::inlet},
                    SensorRow{"Front Panel Temp", TemperatureKind::inlet}, SensorRow{"Exhaust Temp", std::nullopt},
                    SensorRow{"Outlet Ambient", std::nullopt}, SensorRow{"PSU1 Inlet Temp", std::nullopt},
                    SensorRow{"GPU Inlet", std::nullopt}, SensorRow{"DIMM Ambient", std::nullopt},
                    SensorRow{"CPU1 Temp", TemperatureKind::package},
                    SensorRow{"Package id 1", TemperatureKind::package}, SensorRow{"Tctl", TemperatureKind::package},
                    SensorRow{"CPU1 VR Temp", std::nullopt}, SensorRow{"Core 3", std::nullopt},
                    SensorRow{"Composite", std::nullopt}, SensorRow{"", std::nullopt}),
    [](const auto& row) {
      std::string name = row.param.name.empty() ? "nothing" : row.param.name;
      for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      }
      return name;
    });

}  // namespace
}  // namespace headroom::telemetry
