// One machine, told by each dialect: the node watts must agree within 2 %, as decisions rest on them.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "telemetry/poll_decoder.h"
#include "telemetry/reading_store.h"
#include "test/support/table.h"
#include "test/unit/telemetry/pages.h"

namespace headroom::telemetry {
namespace {

using model::PowerScope;
using test::at;

// The truth at a time: slow waves, as load moves.
double package_watts(int t) {
  return 300 + 120 * std::sin(t / 60.0);
}
double dram_watts(int t) {
  return 30 + 10 * std::sin(t / 45.0);
}
double joules(double (*watts)(int), int t) {
  double sum = 1000;
  for (int second = 0; second < t; ++second) sum += watts(second);
  return sum;
}

std::string line(const std::string& series, double value) {
  return series + " " + std::to_string(value) + "\n";
}

// Mean over the last five seconds, as Kepler's gauges show.
std::string kepler(int t) {
  const auto mean = [t](double (*watts)(int)) { return (joules(watts, t) - joules(watts, t - 5)) / 5; };
  return line(R"(kepler_node_cpu_watts{node_name="n",path="p",zone="package"})", mean(package_watts)) +
         line(R"(kepler_node_cpu_watts{node_name="n",path="d",zone="dram"})", mean(dram_watts)) +
         line(R"(kepler_node_cpu_watts{node_name="n",path="c",zone="core"})", 0.7 * mean(package_watts));
}
std::string legacy(int t) {
  std::string page;
  for (const auto& [mode, share] : {std::pair("dynamic", 0.6), std::pair("idle", 0.4)}) {
    const std::string labels = std::string("{instance=\"n\",mode=\"") + mode + "\",package=\"0\"}";
    page += line("kepler_node_package_joules_total" + labels, share * joules(package_watts, t));
    page += line("kepler_node_dram_joules_total" + labels, share * joules(dram_watts, t));
  }
  return page;
}
std::string aliases(int t) {
  const double watts =
      (joules(package_watts, t) - joules(package_watts, t - 5) + joules(dram_watts, t) - joules(dram_watts, t - 5)) / 5;
  return line(R"(kepler_node_power_watts{instance="n"})", watts);
}
std::string rapl(int t) {
  return line(R"(node_rapl_package_joules_total{index="0",path="p",instance="n"})", joules(package_watts, t)) +
         line(R"(node_rapl_dram_joules_total{index="0",path="d",instance="n"})", joules(dram_watts, t));
}

using Page = std::string (*)(int);
struct Row {
  std::string name;
  Page page;
};
class Dialect : public testing::TestWithParam<Row> {};

TEST_P(Dialect, ShowsTheNodesTrueWattsWithinTwoPercent) {
  const NodeDirectory nodes({{"n", "", {}}}, {}, {});
  PollDecoder decoder;
  ReadingStore store;
  int compared = 0;
  for (int t = 10; t <= 600; t += 5) {
    for (const auto& [node, readings] : decoder.decode(test::page(GetParam().page(t), at(t)), nodes, {}).nodes) {
      store.add(1, node, readings);
    }
    if (t < 25) continue;
    const auto snapshot = store.merge();
    ASSERT_EQ(snapshot.nodes.count("n"), 1U);
    const auto& node = snapshot.nodes.at("n");
    const auto& reading = node.of(PowerScope::psys) ? node.of(PowerScope::psys) : node.of(PowerScope::package_dram);
    ASSERT_TRUE(reading);
    const auto from = static_cast<int>((reading->window_start - test::kNoon) / base::Seconds(1));
    const double truth =
        (joules(package_watts, t) - joules(package_watts, from) + joules(dram_watts, t) - joules(dram_watts, from)) /
        (t - from);
    EXPECT_NEAR(base::to_watts(reading->power) / truth, 1, 0.02) << "at " << t;
    ++compared;
  }
  EXPECT_EQ(compared, 116);
}

INSTANTIATE_TEST_SUITE_P(Table, Dialect,
                         testing::Values(Row{"kepler", kepler}, Row{"kepler legacy", legacy},
                                         Row{"kepler aliases", aliases}, Row{"node exporter RAPL", rapl}),
                         test::RowName());

TEST(Merge, AddingASourceNeverLowersAScopeOrUncoversOne) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    ReadingStore store;
    std::array<std::optional<base::Power>, model::kPowerScopes> before;
    const int sources = 1 + static_cast<int>(random() % 4);
    for (int source = 1; source <= sources; ++source) {
      const auto scope = static_cast<PowerScope>(1 + random() % 3);  // not wall: judged against the others
      const base::Power power = base::watts(static_cast<std::int64_t>(random() % 1000));
      const base::WallTime end = at(static_cast<int>(random() % 10));
      Readings readings;
      readings.power.push_back({scope, {power, end - base::Seconds(5), end, model::Grade::measured, "s", 0}});
      store.add(static_cast<SourceId>(source), "n", readings);
      const auto snapshot = store.merge();
      for (std::size_t i = 0; i < model::kPowerScopes; ++i) {
        const auto& now = snapshot.nodes.at("n").power[i];
        if (!before[i]) {
          before[i] = now ? std::optional(now->power) : std::nullopt;
          continue;
        }
        ASSERT_TRUE(now);
        EXPECT_GE(now->power, *before[i]);
        before[i] = now->power;
      }
    }
  }
}

}  // namespace
}  // namespace headroom::telemetry
