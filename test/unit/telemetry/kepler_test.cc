#include <gtest/gtest.h>

#include "test/support/table.h"
#include "test/unit/telemetry/pages.h"

namespace headroom::telemetry {
namespace {

using model::Grade;
using model::PowerScope;
using test::file;
using test::page;
using test::read;
using test::watts;

const model::PowerReading& reading(const Readings& readings, PowerScope scope) {
  for (const NodePower& power : readings.power) {
    if (power.scope == scope) return power.reading;
  }
  static const model::PowerReading none;
  return none;
}

TEST(Kepler, RecordedPageGivesPsysAndPackagePlusDramNeverTheSumOfAllZones) {
  const Readings readings = read(file("kepler/kepler-0.11-node-only.prom"));
  EXPECT_NEAR(watts(readings, PowerScope::psys).value_or(0), 357.874, 0.001);
  EXPECT_NEAR(watts(readings, PowerScope::package_dram).value_or(0), 265.092 + 31.811, 0.001);
  EXPECT_EQ(watts(readings, PowerScope::gpu), std::nullopt);
  EXPECT_EQ(watts(readings, PowerScope::wall), std::nullopt);
  EXPECT_TRUE(readings.rejected.empty());
}

TEST(Kepler, AGaugesWindowBeginsAsEarlyAsKeplersIntervalAllows) {
  const Readings readings = read(file("kepler/kepler-0.11-node-only.prom"));
  EXPECT_EQ(reading(readings, PowerScope::psys).window_start, test::at(-5));
  EXPECT_EQ(reading(readings, PowerScope::psys).window_end, test::kNoon);
  EXPECT_EQ(reading(readings, PowerScope::psys).source, "kepler");
}

TEST(Kepler, RecordedPodsAreSummedOverTheZoneOfTheirNode) {
  const Readings readings = read(file("kepler/kepler-0.11-with-pods.prom"));
  ASSERT_EQ(readings.pods.size(), 3U);
  double sum = 0;
  for (const PodPower& pod : readings.pods) {
    EXPECT_EQ(pod.part, PodPart::cpu);
    EXPECT_NE(pod.pod.find('/'), std::string::npos);
    sum += base::to_watts(pod.reading.power);
  }
  // The containers' psys watts of the same page: 199.94 and 202.29, and an idle one.
  EXPECT_NEAR(sum, 402.226, 0.01);
}

struct Row {
  std::string name;
  std::string text;
  std::optional<double> psys;
  std::optional<double> package_dram;
  std::optional<double> gpu;
  std::optional<double> wall;
  bool rejected = false;
};

std::string zone(const std::string& name, const std::string& value) {
  return "kepler_node_cpu_watts{node_name=\"n\",path=\"p\",zone=\"" + name + "\"} " + value + "\n";
}
std::string gpu(const std::string& uuid, const std::string& value) {
  return "kepler_node_gpu_watts{gpu=\"0\",gpu_uuid=\"" + uuid + "\",node_name=\"n\"} " + value + "\n";
}
std::string platform(const std::string& type, const std::string& id, const std::string& value) {
  return "kepler_platform_watts{source=\"redfish\",node_name=\"n\",bmc_id=\"b\",chassis_id=\"1\",source_id=\"" + id +
         "\",source_type=\"" + type + "\"} " + value + "\n";
}

class KeplerPage : public testing::TestWithParam<Row> {};

TEST_P(KeplerPage, IsReadAs) {
  const Row& row = GetParam();
  const Readings readings = read(row.text);
  EXPECT_EQ(watts(readings, PowerScope::psys), row.psys);
  EXPECT_EQ(watts(readings, PowerScope::package_dram), row.package_dram);
  EXPECT_EQ(watts(readings, PowerScope::gpu), row.gpu);
  EXPECT_EQ(watts(readings, PowerScope::wall), row.wall);
  EXPECT_EQ(!readings.rejected.empty(), row.rejected);
}

constexpr auto kNone = std::nullopt;

INSTANTIATE_TEST_SUITE_P(
    Table, KeplerPage,
    testing::Values(
        Row{"package alone", zone("package", "100"), kNone, 100, kNone, kNone},
        Row{"package and dram", zone("package", "100") + zone("dram", "20"), kNone, 120, kNone, kNone},
        Row{"core is inside package", zone("package", "100") + zone("core", "70"), kNone, 100, kNone, kNone},
        Row{"uncore is inside package", zone("package", "100") + zone("uncore", "10"), kNone, 100, kNone, kNone},
        Row{"psys stands beside package", zone("psys", "200") + zone("package", "100"), 200, 100, kNone, kNone},
        Row{"psys below package is no psys", zone("psys", "50") + zone("package", "100"), kNone, 100, kNone, kNone,
            true},
        Row{"all zero after a start is no reading", zone("package", "0") + zone("dram", "0") + zone("psys", "0"), kNone,
            kNone, kNone, kNone, true},
        Row{"a NaN package takes dram with it", zone("package", "NaN") + zone("dram", "20"), kNone, kNone, kNone, kNone,
            true},
        Row{"a NaN dram takes package with it", zone("package", "100") + zone("dram", "NaN"), kNone, kNone, kNone,
            kNone, true},
        Row{"a negative package leaves psys", zone("package", "-5") + zone("psys", "200"), 200, kNone, kNone, kNone,
            true},
        Row{"a gigawatt is no reading", zone("package", "1e9"), kNone, kNone, kNone, kNone, true},
        Row{"several packages add up",
            "kepler_node_cpu_watts{path=\"a\",zone=\"package-0\"} "
            "60\nkepler_node_cpu_watts{path=\"b\",zone=\"package-1\"} 50\n",
            kNone, 110, kNone, kNone},
        Row{"a page that two jobs scraped counts once",
            "kepler_node_cpu_watts{job=\"a\",path=\"p\",zone=\"package\"} "
            "60\nkepler_node_cpu_watts{job=\"b\",path=\"p\",zone=\"package\"} 61\n",
            kNone, 61, kNone, kNone},
        Row{"microwatts of the fake meter are watts too", zone("package", "0.000028"), kNone, 0.000028, kNone, kNone},
        Row{"GPUs add up", zone("package", "100") + gpu("a", "300") + gpu("b", "250.5"), kNone, 100, 550.5, kNone},
        Row{"GPUs that all show zero are not there", gpu("a", "0") + gpu("b", "0"), kNone, kNone, kNone, kNone, true},
        Row{"power supplies add up", platform("PowerSupply", "0", "300") + platform("PowerSupply", "1", "280"), kNone,
            kNone, kNone, 580},
        Row{"power supplies before power control",
            platform("PowerSupply", "0", "300") + platform("PowerSupply", "1", "280") +
                platform("PowerControl", "0", "570"),
            kNone, kNone, kNone, 580},
        Row{"power control alone", platform("PowerControl", "0", "570"), kNone, kNone, kNone, 570},
        Row{"a platform of zero is no reading", platform("PowerSupply", "0", "0"), kNone, kNone, kNone, kNone, true},
        Row{"the proposed platform name", "kepler_node_platform_watts{node_name=\"n\"} 400\n", kNone, kNone, kNone,
            400}),
    test::RowName());

TEST(Kepler, CoreAloneIsPartialCover) {
  const Readings readings = read(zone("core", "70"));
  EXPECT_EQ(watts(readings, PowerScope::package_dram), 70);
  EXPECT_EQ(reading(readings, PowerScope::package_dram).grade, Grade::partial);
}

TEST(Kepler, AnUnreadableGpuMakesTheSumPartialAndIsNotCounted) {
  const Readings readings = read(gpu("a", "300") + gpu("b", "NaN"));
  EXPECT_EQ(watts(readings, PowerScope::gpu), 300);
  EXPECT_EQ(reading(readings, PowerScope::gpu).grade, Grade::partial);
  EXPECT_EQ(reading(readings, PowerScope::gpu).devices, 1U);
}

TEST(Kepler, PodsAddCpuAndGpuAndLeaveTerminatedOnesOut) {
  const std::string pod = "pod_id=\"u\",pod_name=\"p\",pod_namespace=\"ns\"";
  const Readings readings = read(
      zone("package", "100") + "kepler_pod_cpu_watts{" + pod + ",state=\"running\",zone=\"package\"} 40\n" +
      "kepler_pod_cpu_watts{" + pod + ",state=\"running\",zone=\"dram\"} 4\n" + "kepler_pod_cpu_watts{" + pod +
      ",state=\"terminated\",zone=\"package\"} 900\n" + "kepler_pod_gpu_watts{" + pod + ",state=\"running\"} 250\n");
  EXPECT_EQ(test::pod_watts(readings, "ns/p", PodPart::cpu), 44);
  EXPECT_EQ(test::pod_watts(readings, "ns/p", PodPart::gpu), 250);
}

TEST(Kepler, PodsOfAPageThatIsAllZeroAreNotRead) {
  const Readings readings =
      read(zone("package", "0") +
           "kepler_pod_cpu_watts{pod_name=\"p\",pod_namespace=\"ns\",state=\"running\",zone=\"package\"} 0\n");
  EXPECT_TRUE(readings.pods.empty());
}

Readings read_twice(const std::string& first, const std::string& second, int seconds) {
  CounterMemory counters;
  (void)read(page(first, test::at(0)), counters);
  return read(page(second, test::at(seconds)), counters);
}

TEST(KeplerLegacy, ModesAddUpAndCountersBecomeWatts) {
  const Readings readings = read_twice(file("kepler/kepler-legacy-1.prom"), file("kepler/kepler-legacy-2.prom"), 10);
  EXPECT_NEAR(watts(readings, PowerScope::package_dram).value_or(0), 358, 0.01);
  EXPECT_NEAR(watts(readings, PowerScope::gpu).value_or(0), 400, 0.01);
  EXPECT_NEAR(watts(readings, PowerScope::wall).value_or(0), 900, 0.01);
  EXPECT_NEAR(test::pod_watts(readings, "demo/worker-0", PodPart::cpu).value_or(0), 86, 0.01);
  EXPECT_EQ(reading(readings, PowerScope::package_dram).window_start, test::at(0));
  EXPECT_EQ(reading(readings, PowerScope::package_dram).window_end, test::at(10));
}

TEST(KeplerLegacy, OnePageAloneSaysNothing) {
  EXPECT_TRUE(read(file("kepler/kepler-legacy-1.prom")).power.empty());
}

TEST(KeplerLegacy, ARestartOfTheExporterIsNoNegativePower) {
  const Readings readings = read_twice(file("kepler/kepler-legacy-2.prom"), file("kepler/kepler-legacy-1.prom"), 10);
  EXPECT_TRUE(readings.power.empty());
}

TEST(KeplerLegacy, CountersThatStandStillAreNoReading) {
  const std::string once = file("kepler/kepler-legacy-1.prom");
  const Readings readings = read_twice(once, once, 10);
  EXPECT_TRUE(readings.power.empty());
  EXPECT_FALSE(readings.rejected.empty());
}

TEST(KeplerLegacy, TheCurrentKeplersGpuCounterIsNotTakenForTheOldOne) {
  const std::string row = "kepler_node_gpu_joules_total{gpu=\"0\",gpu_uuid=\"a\",node_name=\"n\"} ";
  EXPECT_TRUE(read_twice(row + "100\n", row + "9000\n", 10).power.empty());
}

TEST(KeplerAliases, TheGpusShareIsTakenOutOfTheTotal) {
  const Readings readings = read(file("kepler/kepler-aliases.prom"));
  EXPECT_EQ(watts(readings, PowerScope::psys), 358);
  EXPECT_EQ(watts(readings, PowerScope::gpu), 400);
  EXPECT_EQ(watts(readings, PowerScope::package_dram), 358);
  EXPECT_EQ(watts(readings, PowerScope::wall), std::nullopt);
}

TEST(KeplerAliases, ATotalWithoutGpuSeriesDoesNotCoverGpus) {
  const Readings readings = read("kepler_node_power_watts{instance=\"n\"} 500\n");
  EXPECT_EQ(watts(readings, PowerScope::psys), 500);
  EXPECT_EQ(watts(readings, PowerScope::gpu), std::nullopt);
}

TEST(KeplerAliases, EnergyAloneBecomesWatts) {
  const Readings readings = read_twice("kepler_node_energy_joules_total{instance=\"n\"} 1000\n",
                                       "kepler_node_energy_joules_total{instance=\"n\"} 4580\n", 10);
  EXPECT_EQ(watts(readings, PowerScope::psys), 358);
}

}  // namespace
}  // namespace headroom::telemetry
