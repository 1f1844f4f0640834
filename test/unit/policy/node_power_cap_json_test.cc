#include "policy/node_power_cap_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/support/table.h"

namespace headroom::policy {
namespace {

using testing::HasSubstr;

model::NodePowerCap full_cap() {
  model::NodePowerCap cap;
  cap.name = "node-1";
  cap.uid = "u-1";
  cap.resource_version = "42";
  cap.spec.stamp = {3, 17};
  cap.spec.budget = base::watts(500);
  cap.spec.fallback = base::watts(300);
  cap.spec.reserve = base::watts(60);
  cap.spec.unacknowledged_budget = base::watts(700);
  cap.spec.cpu_package = base::watts(120);
  cap.spec.gpu = base::watts(250);
  cap.spec.short_term_percent = 110;
  cap.spec.time_window = base::Milliseconds(1'000);
  cap.spec.hard_limit = base::watts(900);
  cap.spec.brake_until = base::WallTime(base::Seconds(1'800'000'000));
  cap.spec.release = true;
  cap.status.state = model::CapState::active;
  cap.status.boot_id = "boot-1";
  cap.status.applied = base::watts(480);
  cap.status.min = base::watts(200);
  cap.status.max = base::watts(1000);
  cap.status.measured = base::watts(410);
  cap.status.observed = model::ObservedCap{"u-1", {3, 17}};
  cap.status.domains = {
      {"gpu/GPU-1", "gpu", base::watts(250), base::watts(250), model::DomainHealth::ok, base::watts(212)},
      {"rapl/package-0", "package", std::nullopt, std::nullopt, model::DomainHealth::readonly}};
  cap.status.conditions = {{"Ready", true, "InControl", "", base::WallTime(base::Seconds(1'700'000'000))}};
  cap.status.last_updated = base::WallTime(base::Seconds(1'700'000'001));
  return cap;
}

std::string object_with(const std::string& spec, const std::string& status) {
  return R"({"metadata":{"name":"node-1","uid":"u-1","resourceVersion":"42"},"spec":)" + spec + R"(,"status":)" +
         status + "}";
}

TEST(NodePowerCapJson, WhatIsPrintedReadsBack) {
  const auto cap = full_cap();
  const auto read = parse_node_power_cap(object_with(print_spec(cap.spec), print_status(cap.status)));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, cap);
  EXPECT_TRUE(model::acknowledged(*read));
}

TEST(NodePowerCapJson, AnEmptyOrderReadsBackToo) {
  model::NodePowerCap cap;
  cap.name = "node-1";
  cap.uid = "u-1";
  cap.resource_version = "42";
  cap.spec.stamp = {1, 1};
  const auto read = parse_node_power_cap(object_with(print_spec(cap.spec), print_status(cap.status)));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, cap);
  EXPECT_FALSE(model::acknowledged(*read));
}

TEST(NodePowerCapJson, ANewCapBelongsToItsNode) {
  const std::string body = print_new_cap(full_cap(), "node-uid");
  EXPECT_THAT(body, HasSubstr(R"("kind":"NodePowerCap")"));
  EXPECT_THAT(body,
              HasSubstr(R"("ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"node-1","uid":"node-uid"}])"));
  const auto read = parse_node_power_cap(body);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->spec, full_cap().spec);
}

TEST(NodePowerCapJson, APatchNamesTheObjectThatWasReadAndClearsWhatNoLongerHolds) {
  auto cap = full_cap();
  cap.spec.gpu.reset();
  cap.spec.release = false;
  const std::string patch = print_spec_patch(cap);
  EXPECT_THAT(patch, HasSubstr(R"("uid":"u-1","resourceVersion":"42")"));
  EXPECT_THAT(patch, HasSubstr(R"("gpuWatts":null)"));
  EXPECT_THAT(patch, HasSubstr(R"("release":null)"));
  EXPECT_THAT(patch, HasSubstr(R"("budgetWatts":500)"));
  cap.status.applied.reset();
  cap.resource_version.clear();
  const std::string status = print_status_patch(cap);
  EXPECT_THAT(status, HasSubstr(R"("appliedWatts":null)"));
  EXPECT_THAT(status, testing::Not(HasSubstr("resourceVersion")));
}

TEST(NodePowerCapJson, PartsOfAWattAreRoundedToTheSafeSide) {
  model::NodePowerCapSpec spec;
  spec.stamp = {1, 1};
  spec.budget = base::microwatts(500'999'999);
  spec.reserve = base::microwatts(60'000'001);
  EXPECT_THAT(print_spec(spec), HasSubstr(R"("budgetWatts":500)"));
  EXPECT_THAT(print_spec(spec), HasSubstr(R"("reserveWatts":61)"));
  model::NodePowerCapStatus status;
  status.applied = base::microwatts(480'000'001);
  EXPECT_THAT(print_status(status), HasSubstr(R"("appliedWatts":481)"));
}

TEST(NodePowerCapJson, AnAnnotationAsksForRelease) {
  const std::string head = R"({"metadata":{"name":"n","annotations":{"powercapping.example.com/release":")";
  const std::string tail = R"("}},"spec":{"epoch":1,"sequence":1}})";
  EXPECT_TRUE(parse_node_power_cap(head + "2026-01-01T00:00:00Z" + tail)->release_requested);
  EXPECT_FALSE(parse_node_power_cap(head + tail)->release_requested);
}

struct BrokenRow {
  std::string name;
  std::string spec;
  std::string status;
  std::string problem;
};

class BrokenNodePowerCap : public testing::TestWithParam<BrokenRow> {};

TEST_P(BrokenNodePowerCap, IsRefusedNamingTheField) {
  const auto read = parse_node_power_cap(object_with(GetParam().spec, GetParam().status));
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message, HasSubstr(GetParam().problem));
}

constexpr const char* kStamp = R"({"epoch":1,"sequence":1})";

INSTANTIATE_TEST_SUITE_P(
    Rows, BrokenNodePowerCap,
    testing::Values(
        BrokenRow{"NoEpoch", R"({"sequence":1})", "{}", "spec.epoch: is required"},
        BrokenRow{"NoSequence", R"({"epoch":1})", "{}", "spec.sequence: is required"},
        BrokenRow{"ABudgetOfZero", R"({"epoch":1,"sequence":1,"budgetWatts":0})", "{}", "spec.budgetWatts: must be"},
        BrokenRow{"AnEpochWithoutBound", R"({"epoch":9007199254740993,"sequence":1})", "{}", "spec.epoch: must be"},
        BrokenRow{"ATextAsRelease", R"({"epoch":1,"sequence":1,"release":"yes"})", "{}", "spec.release: must be true"},
        BrokenRow{"AFieldOfALaterVersion", R"({"epoch":1,"sequence":1,"dramWatts":5})", "{}",
                  "spec.dramWatts: is no field"},
        BrokenRow{"ATimeThatIsNone", R"({"epoch":1,"sequence":1,"brakeUntil":"soon"})", "{}", "spec.brakeUntil: must"},
        BrokenRow{"AnUnknownState", kStamp, R"({"state":"Dancing"})", "status.state: \"Dancing\" is none of"},
        BrokenRow{"AnObservedOrderWithoutUid", kStamp, R"({"observed":{"epoch":1,"sequence":1}})",
                  "status.observed.uid: is required"},
        BrokenRow{"ADomainWithoutHealth", kStamp, R"({"domains":[{"id":"a","kind":"gpu"}]})",
                  "status.domains[0].health: is required"}),
    test::RowName());

TEST(NodePowerCapJson, EveryProblemIsListed) {
  const auto read = parse_node_power_cap(object_with(R"({"budgetWatts":0})", R"({"state":"Dancing"})"));
  ASSERT_FALSE(read.ok());
  for (const auto* part : {"spec.epoch", "spec.sequence", "spec.budgetWatts", "status.state"}) {
    EXPECT_THAT(read.error().message, HasSubstr(part));
  }
}

TEST(NodePowerCap, AnOrderOfAnEarlierObjectIsNoAcknowledgement) {
  auto cap = full_cap();
  cap.uid = "u-2";
  EXPECT_FALSE(model::acknowledged(cap));
}

}  // namespace
}  // namespace headroom::policy
