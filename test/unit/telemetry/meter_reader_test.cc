#include "telemetry/meter_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "telemetry/meter_poller.h"
#include "test/unit/telemetry/scripted_api.h"

namespace headroom::telemetry {
namespace {

using model::Grade;
using test::at;
using test::row;
using test::unix_seconds;

class MeterReader : public testing::Test {
 protected:
  [[nodiscard]] base::Result<MeterReadings> ask(const MeterQuery& query) {
    test::ScriptedApi api(answers_);
    return read_meters(api, query);
  }
  // Of a query that must succeed with one meter.
  [[nodiscard]] model::PowerReading one(const MeterQuery& query) {
    const auto readings = ask(query);
    if (!readings || readings->meters.size() != 1) return {};
    return readings->meters[0].second;
  }

  test::ScriptedAnswers answers_;
};

MeterQuery element(std::string query, std::string freshness = {}) {
  return {MeterKind::power, {std::move(query), std::move(freshness)}, "pdu-1", "topology.kubernetes.io/rack"};
}
MeterQuery racks(std::string query, std::string freshness = {}, MeterKind kind = MeterKind::power) {
  return {kind, {std::move(query), std::move(freshness)}, "", "topology.kubernetes.io/rack"};
}

TEST_F(MeterReader, ABareSelectorIsAsOldAsItsOwnSamples) {
  answers_.rows["pdu"] = {row({{"pdu", "1"}}, 4200, "pdu")};
  answers_.rows["timestamp(pdu)"] = {row({{"pdu", "1"}}, unix_seconds(-40))};
  const auto reading = one(element("pdu"));
  EXPECT_EQ(reading.power, base::watts(4200));
  EXPECT_EQ(reading.window_end, at(-40));
  EXPECT_EQ(reading.grade, Grade::measured);
  // Times first, so that a scrape in between makes a value newer than we say, never older.
  EXPECT_EQ(answers_.asked, (std::vector<std::string>{"timestamp(pdu)", "pdu"}));
}

TEST_F(MeterReader, AComposedQueryWithoutFreshnessIsOfUnknownAge) {
  answers_.rows["sum(pdu)"] = {row({}, 4200)};
  EXPECT_EQ(one(element("sum(pdu)")).grade, Grade::age_unknown);
  EXPECT_EQ(answers_.asked.size(), 1U);
}

TEST_F(MeterReader, AFreshnessExpressionGivesUnixSeconds) {
  answers_.rows["sum(pdu)"] = {row({}, 4200)};
  answers_.rows["min(timestamp(pdu))"] = {row({}, unix_seconds(-30))};
  const auto reading = one(element("sum(pdu)", "min(timestamp(pdu))"));
  EXPECT_EQ(reading.grade, Grade::measured);
  EXPECT_EQ(reading.window_end, at(-30));
}

TEST_F(MeterReader, AFreshnessSelectorIsAskedForItsTimestampsAndTheOldestCounts) {
  answers_.rows["sum(pdu)"] = {row({}, 4200)};
  answers_.rows["timestamp(pdu)"] = {row({{"a", "1"}}, unix_seconds(-10)), row({{"a", "2"}}, unix_seconds(-70))};
  EXPECT_EQ(one(element("sum(pdu)", "pdu")).window_end, at(-70));
}

TEST_F(MeterReader, ATimestampInTheFutureIsTheEvaluationTime) {
  answers_.rows["pdu"] = {row({}, 1)};
  answers_.rows["timestamp(pdu)"] = {row({}, unix_seconds(86'400))};
  EXPECT_EQ(one(element("pdu")).window_end, at(0));
}

TEST_F(MeterReader, SeveralRowsOfAnElementAddUpAndTheOldestDecidesTheirAge) {
  answers_.rows["pdu"] = {row({{"side", "A"}}, 1000), row({{"side", "B"}}, 1500)};
  answers_.rows["timestamp(pdu)"] = {row({{"side", "A"}}, unix_seconds(-5)), row({{"side", "B"}}, unix_seconds(-50))};
  const auto reading = one(element("pdu"));
  EXPECT_EQ(reading.power, base::watts(2500));
  EXPECT_EQ(reading.window_end, at(-50));
}

TEST_F(MeterReader, RacksAreNamedByTheRackLabelInAnySpelling) {
  answers_.rows["pdu"] = {row({{"rack", "r1"}, {"pdu", "a"}}, 1),
                          row({{"topology_kubernetes_io_rack", "r2"}, {"x", "y"}}, 2),
                          row({{"label_topology_kubernetes_io_rack", "r3"}, {"x", "y"}}, 3), row({{"only", "r4"}}, 4)};
  const auto readings = ask(racks("pdu"));
  ASSERT_TRUE(readings.ok());
  ASSERT_EQ(readings->meters.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(readings->meters[i].first, "r" + std::to_string(i + 1));
    EXPECT_EQ(readings->meters[i].second.power, base::watts(static_cast<std::int64_t>(i) + 1));
  }
}

TEST_F(MeterReader, RowsThatNameNoRackAreToldAndTheOthersUsed) {
  answers_.rows["pdu"] = {row({{"a", "1"}, {"b", "2"}}, 1), row({{"rack", "r1"}}, 5)};
  const auto readings = ask(racks("pdu"));
  ASSERT_TRUE(readings.ok());
  EXPECT_EQ(readings->meters.size(), 1U);
  EXPECT_EQ(readings->problems.size(), 1U);
}

TEST_F(MeterReader, AFreshnessPerRackBelongsToItsRack) {
  answers_.rows["sum by (rack) (pdu)"] = {row({{"rack", "r1"}}, 1), row({{"rack", "r2"}}, 2)};
  answers_.rows["min by (rack) (timestamp(pdu))"] = {row({{"rack", "r1"}}, unix_seconds(-10))};
  const auto readings = ask(racks("sum by (rack) (pdu)", "min by (rack) (timestamp(pdu))"));
  ASSERT_TRUE(readings.ok());
  ASSERT_EQ(readings->meters.size(), 2U);
  EXPECT_EQ(readings->meters[0].second.grade, Grade::measured);
  EXPECT_EQ(readings->meters[1].second.grade, Grade::age_unknown);
}

TEST_F(MeterReader, TheHotterInletOfARackCounts) {
  answers_.rows["inlet"] = {row({{"rack", "r1"}, {"pos", "top"}}, 29.5), row({{"rack", "r1"}, {"pos", "bottom"}}, 22)};
  const auto readings = ask(racks("inlet", "", MeterKind::inlet));
  ASSERT_TRUE(readings.ok());
  ASSERT_EQ(readings->inlets.size(), 1U);
  EXPECT_EQ(readings->inlets[0].second.temperature, base::millicelsius(29'500));
}

TEST_F(MeterReader, AValueThatNoMeterShowsIsTold) {
  for (const double value : {-1.0, 1e12, std::numeric_limits<double>::quiet_NaN()}) {
    answers_.rows["pdu"] = {row({}, value)};
    const auto readings = ask(element("pdu"));
    ASSERT_TRUE(readings.ok());
    EXPECT_TRUE(readings->meters.empty());
    EXPECT_EQ(readings->problems.size(), 1U);
  }
}

TEST_F(MeterReader, AQueryWithoutRowsIsMissingNotZero) {
  const auto readings = ask(element("pdu"));
  ASSERT_TRUE(readings.ok());
  EXPECT_TRUE(readings->meters.empty());
  EXPECT_EQ(readings->problems.size(), 1U);
}

TEST_F(MeterReader, WhatPrometheusSaysNamesTheElement) {
  answers_.errors.emplace("sum(", base::invalid_input("parse error"));
  const auto readings = ask(element("sum("));
  ASSERT_FALSE(readings.ok());
  EXPECT_EQ(readings.error().message, "query of element pdu-1: parse error");
}

// ---- performance of policies

MeterQuery performance(std::string query) {
  return {MeterKind::performance, {std::move(query), {}}, "llm/p", {}};
}

TEST_F(MeterReader, PerformanceIsOneValueOfAnyUnit) {
  answers_.rows["sum(tokens)"] = {row({}, 1234.5)};
  const auto readings = ask(performance("sum(tokens)"));
  ASSERT_TRUE(readings.ok());
  ASSERT_EQ(readings->performance.size(), 1U);
  EXPECT_EQ(readings->performance[0].first, "llm/p");
  EXPECT_EQ(readings->performance[0].second.value, 1234.5);
  EXPECT_TRUE(readings->meters.empty());
}

TEST_F(MeterReader, PerformanceOfSeveralRowsNoneOrNoNumberIsAProblem) {
  answers_.rows["two"] = {row({{"a", "1"}}, 1), row({{"a", "2"}}, 2)};
  answers_.rows["odd"] = {row({}, std::nan(""))};
  answers_.rows["less"] = {row({}, -1)};
  for (const char* query : {"two", "odd", "less", "none"}) {
    const auto readings = ask(performance(query));
    ASSERT_TRUE(readings.ok());
    EXPECT_TRUE(readings->performance.empty()) << query;
    EXPECT_EQ(readings->problems.size(), 1U) << query;
  }
}

TEST(PerformanceQueries, AreThePolicysOwnOrTheNamespacesTokens) {
  model::PolicyObject policy;
  policy.ns = "llm";
  policy.name = "p";
  EXPECT_TRUE(queries_of(std::vector{policy}).empty()) << "without a ratio nothing is asked";
  policy.performance_power_ratio = model::PerformancePowerRatio{1, 10};
  const auto tokens = queries_of(std::vector{policy});
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].ask.query, R"(sum(rate(vllm:generation_tokens_total{namespace="llm"}[1m])))");
  EXPECT_EQ(tokens[0].element, "llm/p");
  policy.selector = model::LabelSelector{{{"app", "a"}}, {}};
  EXPECT_TRUE(queries_of(std::vector{policy}).empty()) << "other pods' tokens are not its members'";
  policy.performance_query = "sum(mine)";
  EXPECT_EQ(queries_of(std::vector{policy})[0].ask.query, "sum(mine)");
}

struct OnePrometheus final : SourceFactory {
  explicit OnePrometheus(test::ScriptedAnswers& given) : answers(given) {}
  base::Result<std::unique_ptr<SampleSource>> exporter(const Endpoint&) override { return base::unavailable("none"); }
  base::Result<std::unique_ptr<QueryApi>> prometheus(const Endpoint&) override {
    return std::unique_ptr<QueryApi>(std::make_unique<test::ScriptedApi>(answers));
  }
  test::ScriptedAnswers& answers;
};

TEST(PerformanceQueries, OneThatIsTooDearIsAskedLastFromThenOn) {
  test::ScriptedAnswers answers;
  answers.errors.emplace("slow", base::unavailable("timeout"));
  answers.rows["fast"] = {row({}, 7)};
  OnePrometheus factory(answers);
  MeterPoller poller(factory);
  Endpoint prometheus;
  prometheus.url = "http://p";
  const TopologyQueries queries = {performance("slow"), performance("fast")};
  EXPECT_FALSE(poller.poll({prometheus}, queries).ok());
  for (int again = 0; again < 2; ++again) {
    const auto poll = poller.poll({prometheus}, queries);
    ASSERT_TRUE(poll.ok());
    ASSERT_EQ(poll->answers.size(), 1U);
    EXPECT_EQ(poll->answers[0].second.performance.size(), 1U);
    ASSERT_EQ(poll->problems.size(), 1U);
    EXPECT_EQ(poll->problems[0], "performance query of policy llm/p: timeout");
    EXPECT_EQ(answers.asked.back(), "slow");
  }
  answers.errors.clear();
  answers.rows["slow"] = {row({}, 1)};
  ASSERT_TRUE(poller.poll({prometheus}, queries).ok());
  const std::size_t before = answers.asked.size();
  ASSERT_TRUE(poller.poll({prometheus}, queries).ok());
  EXPECT_EQ(answers.asked[before], "timestamp(slow)") << "it answered, and has its place again";
}

}  // namespace
}  // namespace headroom::telemetry
