#include "telemetry/reading_store.h"

#include <gtest/gtest.h>

#include "telemetry/meter_store.h"
#include "test/unit/telemetry/pages.h"

namespace headroom::telemetry {
namespace {

using model::Grade;
using model::PowerScope;
using test::at;

Readings power(PowerScope scope, int watts, int seconds, Grade grade = Grade::measured) {
  Readings readings;
  readings.power.push_back({scope, {base::watts(watts), at(seconds - 5), at(seconds), grade, "test", 0}});
  return readings;
}

double watts_of(const ReadingStore& store, PowerScope scope) {
  const auto snapshot = store.merge();
  const auto& reading = snapshot.nodes.at("n").of(scope);
  return reading ? base::to_watts(reading->power) : -1;
}

TEST(ReadingStore, ANewerReadingOfTheSameSourceReplacesTheOldOne) {
  ReadingStore store;
  store.add(1, "n", power(PowerScope::psys, 300, 0));
  store.add(1, "n", power(PowerScope::psys, 200, 5));
  EXPECT_EQ(watts_of(store, PowerScope::psys), 200);
}

TEST(ReadingStore, AReadingThatGoesBackInTimeIsIgnored) {
  ReadingStore store;
  store.add(1, "n", power(PowerScope::psys, 300, 30));
  store.add(1, "n", power(PowerScope::psys, 100, 10));
  EXPECT_EQ(watts_of(store, PowerScope::psys), 300);
}

TEST(ReadingStore, OfSeveralSourcesTheHighestFreshOneCounts) {
  ReadingStore store;
  store.add(1, "n", power(PowerScope::psys, 300, 0));
  store.add(2, "n", power(PowerScope::psys, 200, 10));
  EXPECT_EQ(watts_of(store, PowerScope::psys), 300);
}

TEST(ReadingStore, ASourceThatFellSilentIsLeftToTheOthers) {
  ReadingStore store;
  store.add(1, "n", power(PowerScope::psys, 300, 0));
  store.add(2, "n", power(PowerScope::psys, 200, 16));
  EXPECT_EQ(watts_of(store, PowerScope::psys), 200);
}

TEST(ReadingStore, ADeadSourceKeepsItsLastReadingWithItsOldTime) {
  ReadingStore store;
  store.add(1, "n", power(PowerScope::psys, 300, 0));
  store.add(1, "other", power(PowerScope::psys, 1, 600));
  const auto snapshot = store.merge();
  EXPECT_EQ(snapshot.nodes.at("n").of(PowerScope::psys)->window_end, at(0));
  EXPECT_EQ(snapshot.nodes.at("n").of(PowerScope::psys)->power, base::watts(300));
}

TEST(ReadingStore, FullCoverGoesBeforePartialCover) {
  ReadingStore store;
  store.add(1, "n", power(PowerScope::gpu, 500, 0, Grade::partial));
  store.add(2, "n", power(PowerScope::gpu, 400, 0));
  EXPECT_EQ(watts_of(store, PowerScope::gpu), 400);
}

TEST(ReadingStore, AWallReadingBelowTheNodesOwnMetersIsLeftOut) {
  ReadingStore store;
  store.add(1, "n", power(PowerScope::package_dram, 300, 0));
  store.add(2, "n", power(PowerScope::gpu, 700, 0));
  store.add(3, "n", power(PowerScope::wall, 500, 0));
  EXPECT_EQ(watts_of(store, PowerScope::wall), -1);
  store.add(3, "n", power(PowerScope::wall, 850, 5));
  EXPECT_EQ(watts_of(store, PowerScope::wall), 850);
}

TEST(ReadingStore, TheHottestInletOfSeveralSourcesCounts) {
  ReadingStore store;
  Readings cool;
  cool.temperatures.push_back({TemperatureKind::inlet, {base::celsius(22), at(0), Grade::measured, "a"}});
  Readings hot;
  hot.temperatures.push_back({TemperatureKind::inlet, {base::celsius(31), at(-20), Grade::measured, "b"}});
  store.add(1, "n", cool);
  store.add(2, "n", hot);
  EXPECT_EQ(store.merge().nodes.at("n").inlet->temperature, base::celsius(31));
}

Readings pod(PodPart part, int watts, int seconds, const std::string& source) {
  Readings readings;
  readings.pods.push_back(
      {"ns/p", part, {base::watts(watts), at(seconds - 5), at(seconds), Grade::measured, source, 0}});
  return readings;
}

TEST(ReadingStore, APodDrawsTheSumOfItsPartsOverAWindowThatHoldsBoth) {
  ReadingStore store;
  store.add(1, "n", pod(PodPart::cpu, 40, 0, "kepler"));
  store.add(2, "n", pod(PodPart::gpu, 300, -20, "dcgm"));
  const auto reading = store.merge().pods.at("ns/p");
  EXPECT_EQ(reading.power, base::watts(340));
  EXPECT_EQ(reading.window_start, at(-25));
  EXPECT_EQ(reading.window_end, at(-20));
  EXPECT_EQ(reading.source, "kepler+dcgm");
}

TEST(ReadingStore, ForgetsPodsAndUnknownNodesAfterAWhileAndKnownNodesNever) {
  ReadingStore store;
  store.add(1, "n", power(PowerScope::psys, 300, 0));
  store.add(1, "gone", power(PowerScope::psys, 300, 0));
  store.add(1, "n", pod(PodPart::cpu, 40, 0, "kepler"));
  const auto known = [](const std::string& node) { return node == "n"; };
  store.forget(at(500), {}, known);
  EXPECT_EQ(store.merge().nodes.size(), 2U);
  EXPECT_EQ(store.merge().pods.size(), 1U);
  store.forget(at(86'400), {}, known);
  EXPECT_EQ(store.merge().nodes.count("n"), 1U);
  EXPECT_EQ(store.merge().nodes.count("gone"), 0U);
  EXPECT_TRUE(store.merge().pods.empty());
}

MeterQuery meter(const std::string& query, const std::string& element = {}) {
  return {MeterKind::power, {query, {}}, element, "rack"};
}
MeterReadings meters(const std::string& target, int watts, int seconds, std::uint32_t rows = 1) {
  MeterReadings readings;
  readings.meters.emplace_back(
      target, model::PowerReading{base::watts(watts), at(seconds), at(seconds), Grade::measured, "meter", rows});
  return readings;
}

TEST(MeterStore, AnElementsOwnQueryGoesBeforeTheRackQueryUnlessItIsMuchOlder) {
  MeterStore store;
  store.set_queries({meter("racks"), meter("one", "r1")});
  store.add(meter("racks"), meters("r1", 5000, 30));
  store.add(meter("one", "r1"), meters("r1", 4000, 0));
  model::TelemetrySnapshot snapshot;
  store.fill(snapshot);
  EXPECT_EQ(snapshot.element_meters.at("r1").power, base::watts(4000));
  store.add(meter("racks"), meters("r1", 5000, 61));
  model::TelemetrySnapshot later;
  store.fill(later);
  EXPECT_EQ(later.element_meters.at("r1").power, base::watts(5000));
}

TEST(MeterStore, ASumThatMissesAPduIsNoNewReadingForAQuarterOfAnHour) {
  MeterStore store;
  store.set_queries({meter("pdu", "r1")});
  const auto watts_now = [&store] {
    model::TelemetrySnapshot snapshot;
    store.fill(snapshot);
    return base::to_watts(snapshot.element_meters.at("r1").power);
  };
  store.add(meter("pdu", "r1"), meters("r1", 5000, 0, 2));
  store.add(meter("pdu", "r1"), meters("r1", 2500, 5, 1));
  EXPECT_EQ(watts_now(), 5000);
  store.add(meter("pdu", "r1"), meters("r1", 4900, 10, 2));
  EXPECT_EQ(watts_now(), 4900);
  store.add(meter("pdu", "r1"), meters("r1", 2500, 910, 1));
  EXPECT_EQ(watts_now(), 2500);
}

TEST(MeterStore, AQueryThatStaysKeepsItsAnswersAndOneThatGoesTakesThemAlong) {
  MeterStore store;
  store.set_queries({meter("racks"), meter("one", "r2")});
  store.add(meter("racks"), meters("r1", 5000, 0));
  store.add(meter("one", "r2"), meters("r2", 4000, 0));
  store.set_queries({meter("racks")});
  store.add(meter("one", "r2"), meters("r2", 4000, 5));
  model::TelemetrySnapshot snapshot;
  store.fill(snapshot);
  EXPECT_EQ(snapshot.element_meters.size(), 1U);
  EXPECT_EQ(snapshot.element_meters.count("r1"), 1U);
}

}  // namespace
}  // namespace headroom::telemetry
