#include "controller/status_json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

namespace headroom::controller {
namespace {

using nlohmann::json;

constexpr base::WallTime kNow{std::chrono::seconds(1'767'323'045)};  // 2026-01-02T03:04:05Z

TEST(StatusBody, OfAPolicy) {
  StatusWrite write;
  write.status.key = {ObjectKind::policy, "llm", "p"};
  write.status.uid = "u1";
  write.status.observed_generation = 4;
  write.status.conditions = {{"Ready", true, "Enforced", "in force"}};
  write.status.numbers = PolicyNumbers{base::watts(160), base::watts(-60), 3, 1, {5, 2, 1}, {2, {"PolicyPowerCap"}}};
  write.since = {{"Ready", kNow}};
  EXPECT_EQ(json::parse(status_body(write, kNow)), json::parse(R"({
    "apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerCappingPolicy",
    "metadata":{"name":"p","namespace":"llm","uid":"u1"},
    "status":{"observedGeneration":4,"lastUpdated":"2026-01-02T03:04:05Z",
      "conditions":[{"type":"Ready","status":"True","reason":"Enforced","message":"in force",
                     "lastTransitionTime":"2026-01-02T03:04:05Z","observedGeneration":4}],
      "currentPowerWatts":160,"headroomWatts":-60,"pods":{"members":3,"placedByUs":1},
      "nodes":{"capped":5,"pending":2,"failed":1},
      "recommendation":{"wouldRefuse":2,"reasons":["PolicyPowerCap"]}}})"));
}

TEST(StatusBody, OfAPolicyWithARatio) {
  StatusWrite write;
  write.status.key = {ObjectKind::policy, "llm", "p"};
  PolicyNumbers numbers;
  numbers.ratio = RatioNumbers{0.81, true};
  write.status.numbers = numbers;
  EXPECT_EQ(json::parse(status_body(write, kNow))["status"]["ratio"],
            json::parse(R"({"current":0.81,"withinTolerance":true})"));
}

TEST(StatusBody, OfATopology) {
  StatusWrite write;
  write.status.key = {ObjectKind::topology, "", "hall"};
  TopologyNumbers numbers;
  numbers.nodes_inside = 2;
  numbers.elements = {{"r1", "Rack", base::watts(8000), base::watts(8500), base::watts(300), base::watts(20),
                       base::millicelsius(25'460)}};
  write.status.numbers = numbers;
  const auto body = json::parse(status_body(write, kNow));
  EXPECT_EQ(body["metadata"], json::parse(R"({"name":"hall"})"));
  EXPECT_FALSE(body["status"].contains("observedGeneration"));
  EXPECT_EQ(body["status"]["elements"], json::parse(R"([{"name":"r1","type":"Rack","limitWatts":8000,"bookedWatts":8500,
                             "presentWatts":300,"unmanagedWatts":20,"headroomWatts":-500,"inletCelsius":25.5}])"));
  EXPECT_EQ(body["status"]["nodes"], json::parse(R"({"inside":2,"outside":0,"capped":0,"pending":0,"failed":0})"));
}

TEST(ReadStatuses, TakesConditionsWithTheirTimesAndTheContinueToken) {
  const auto page = read_statuses(ObjectKind::policy, R"({"metadata":{"continue":"next"},"items":[
    {"metadata":{"name":"p","namespace":"llm","uid":"u"},"status":{"observedGeneration":4,"conditions":[
      {"type":"Ready","status":"False","reason":"NoMembers","message":"m","lastTransitionTime":"2026-01-02T03:04:05Z"},
      {"type":"Half"}]}},
    {"metadata":{"name":"new","namespace":"llm"}},
    {"kind":"nameless"}]})");
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(page->continue_token, "next");
  ASSERT_EQ(page->statuses.size(), 2U);
  const auto& read = page->statuses[0];
  EXPECT_EQ(read.key, (ObjectKey{ObjectKind::policy, "llm", "p"}));
  EXPECT_EQ(read.observed_generation, 4);
  ASSERT_EQ(read.conditions.size(), 1U);
  EXPECT_EQ(read.conditions[0], (StatusCondition{"Ready", false, "NoMembers", "m"}));
  EXPECT_EQ(read.since.at("Ready"), kNow);
  EXPECT_TRUE(page->statuses[1].conditions.empty());
}

TEST(ReadStatuses, AnythingButAListIsAnError) {
  for (const auto* text : {"", "[]", "{}", R"({"items":3})"}) {
    EXPECT_FALSE(read_statuses(ObjectKind::topology, text).ok()) << text;
  }
}

}  // namespace
}  // namespace headroom::controller
