// The hall's model, and the pages its exporters print.
#include "demo/hall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "demo/exporter_pages.h"
#include "demo/table.h"

namespace headroom::demo {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const base::MonoTime kStart{base::Seconds(1'000)};

HallOptions quiet() {
  HallOptions options;
  options.noise_watts = 0;
  return options;
}

TEST(Hall, HasItsRacksAndNodes) {
  const Hall hall(quiet());
  EXPECT_THAT(hall.racks(), testing::ElementsAre("rack-a", "rack-b", "rack-c"));
  ASSERT_EQ(hall.nodes().size(), 24u);
  EXPECT_EQ(hall.nodes()[8].name, "rack-b-n1");
}

TEST(Hall, ANodeDrawsIdleAndItsPodsAsTheyGrow) {
  Hall hall(quiet());
  hall.place("rack-a-n1", {"ns", "p", 40}, kStart);
  EXPECT_DOUBLE_EQ(hall.cpu_watts("rack-a-n1", kStart), 65);
  EXPECT_DOUBLE_EQ(hall.cpu_watts("rack-a-n1", kStart + base::Milliseconds(750)), 85);
  EXPECT_DOUBLE_EQ(hall.cpu_watts("rack-a-n1", kStart + base::Seconds(9)), 105);
  EXPECT_DOUBLE_EQ(hall.cpu_watts("rack-a-n2", kStart + base::Seconds(9)), 65);
  hall.keep_only("rack-a-n1", {"ns/other"});
  EXPECT_DOUBLE_EQ(hall.cpu_watts("rack-a-n1", kStart + base::Seconds(9)), 65);
}

TEST(Hall, AirFollowsItsTargetAndTurnsWhereItIs) {
  Hall hall(quiet());
  EXPECT_DOUBLE_EQ(hall.inlet_celsius("rack-b", kStart), 22);
  hall.set_air("rack-b", 33, kStart);
  EXPECT_NEAR(hall.inlet_celsius("rack-b", kStart + base::Seconds(10)), 33, 0.01);
  EXPECT_DOUBLE_EQ(hall.inlet_celsius("rack-a", kStart + base::Seconds(10)), 22);
  const auto turn = kStart + base::Milliseconds(500);
  const double warm = hall.inlet_celsius("rack-b", turn);
  hall.set_air("rack-b", 21, turn);
  EXPECT_NEAR(hall.inlet_celsius("rack-b", turn), warm, 1e-9) << "no jump";
}

class Pages : public testing::Test {
 protected:
  std::string page(KeplerDialect dialect, base::MonoTime now) {
    return kepler_page({hall_, hall_.nodes().front(), now}, dialect, counters_);
  }
  Hall hall_{quiet()};
  EnergyCounters counters_;
};

TEST_F(Pages, TheCurrentDialectHasOverlappingZones) {
  hall_.place("rack-a-n1", {"ns", "p", 40}, kStart);
  const std::string text = page(KeplerDialect::current, kStart + base::Seconds(9));
  EXPECT_THAT(
      text,
      AllOf(
          HasSubstr("kepler_node_cpu_watts{node_name=\"rack-a-n1\",path=\"aggregated-package\",zone=\"package\"} 94.5"),
          HasSubstr("zone=\"dram\"} 10.5"), HasSubstr("zone=\"core\"} 66.15"),
          HasSubstr("kepler_pod_cpu_watts{node_name=\"rack-a-n1\",pod_name=\"p\",pod_namespace=\"ns\",state="
                    "\"running\",zone=\"package\"} 36")));
}

TEST_F(Pages, TheLegacyDialectCountsJoules) {
  const std::string first = page(KeplerDialect::legacy, kStart);
  const std::string later = page(KeplerDialect::legacy, kStart + base::Seconds(10));
  const std::string series =
      "kepler_node_package_joules_total{instance=\"rack-a-n1\",mode=\"dynamic\",package=\"0\",source=\"intel_rapl\"} ";
  EXPECT_THAT(first, HasSubstr(series + "1000.0"));
  EXPECT_THAT(later, HasSubstr(series + "1234.0")) << "65 W x 0.9 x 0.4 for 10 s";
  EXPECT_THAT(page(KeplerDialect::legacy, kStart), HasSubstr(series + "1234.0")) << "never backwards";
}

TEST_F(Pages, TheFirstGuidesNamesAreGauges) {
  EXPECT_THAT(page(KeplerDialect::aliases, kStart),
              AllOf(HasSubstr("kepler_node_power_watts{node=\"rack-a-n1\"} 65"), Not(HasSubstr("joules"))));
}

TEST_F(Pages, TheInletIsTheRacks) {
  hall_.set_air("rack-a", 30, kStart);
  EXPECT_THAT(hwmon_page({hall_, hall_.nodes().front(), kStart + base::Seconds(60)}),
              AllOf(HasSubstr("label=\"Inlet Temp\""), HasSubstr("chip=\"inlet_sensor\",sensor=\"temp1\"} 30.000")));
}

TEST(Table, ShowsEachRackOnOneLine) {
  SchedulerView scheduler;
  scheduler.placements = {{"ns/a", "rack-a-n1", "rack-a", false, kStart}};
  scheduler.refused["rack-a"]["inlet temperature too high"] = 3;
  scheduler.waiting["ns/b"] = "0/24 nodes are available: 24 not enough power headroom.";
  const std::vector<RackView> racks = {{"rack-a", 800, 40, 1'680, 840, 28.25, true},
                                       {"rack-b", 720, 0, 1'680, 960, {}, false}};
  const std::vector<CapRow> caps;
  EXPECT_EQ(render_table({racks, scheduler, caps}),
            "rack       load W  in flight  limit W   headroom  inlet C   placed  pods refused on the whole rack\n"
            "rack-a        800         40     1680        840  28.2 HOT       1  3 x inlet temperature too high\n"
            "rack-b        720          0     1680        960  -              0  \n"
            "waiting: 1 pods, for example ns/b: 0/24 nodes are available: 24 not enough power headroom.\n");
}

TEST(Table, ShowsWhatWasAskedOfANodeBesideWhatReadsBack) {
  const SchedulerView scheduler;
  const std::vector<RackView> racks;
  const std::vector<CapRow> caps = {{"rack-a-n1", "Active", 90, {90, 89.9}}, {"rack-a-n2", "", {}, {125}}};
  const std::string table = render_table({racks, scheduler, caps});
  EXPECT_THAT(table, testing::ContainsRegex("rack-a-n1 +90 +90 \\+ 90 +Active\n"));
  EXPECT_THAT(table, testing::ContainsRegex("rack-a-n2 +- +125 +\n"));
}

}  // namespace
}  // namespace headroom::demo
