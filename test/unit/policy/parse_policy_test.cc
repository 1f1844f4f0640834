#include "policy/parse_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/support/table.h"

namespace headroom::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string policy_with(const std::string& spec) {
  return R"({"metadata":{"namespace":"llm","name":"cap","generation":2},"spec":)" + spec + "}";
}

TEST(ParsePolicy, OnlyTheLimitIsRequired) {
  const auto policy = parse_policy(policy_with(R"({"powerCapLimit":1000})"));
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(key_of(*policy), "llm/cap");
  EXPECT_EQ(policy->generation, 2);
  EXPECT_EQ(policy->power_cap_limit, base::watts(1000));
  EXPECT_EQ(policy->mode, model::EnforcementMode::enforce);
  EXPECT_EQ(policy->selector, std::nullopt);
  EXPECT_EQ(policy->on_stale, std::nullopt);
  EXPECT_EQ(policy->max_telemetry_age, std::nullopt);
  EXPECT_THAT(policy->not_evaluated, ElementsAre());
}

TEST(ParsePolicy, EveryFieldIsKept) {
  const auto policy = parse_policy(policy_with(R"({"powerCapLimit":1000,"mode":"Recommend","priority":7,
      "cappingThreshold":80,"onStaleTelemetry":"FailClosed","maxTelemetryAgeSeconds":20,
      "rackConstraints":[{"rackId":"rack-1","maxPower":5000,"maxTemperature":27.5},{"rackId":"rack-2"}],
      "selector":{"matchLabels":{"app":"vllm"}},
      "performancePowerRatio":{"targetRatio":0.8,"tolerancePercentage":10},"performanceQuery":"up","scaling":{},
      "customAlgorithm":{"name":"a","parameters":{"n":500,"f":0.5,"b":true,"s":"x"}},
      "customAlgorithms":[{"name":"b","parameters":{"s":"y"}}]})"));
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(policy->mode, model::EnforcementMode::recommend);
  EXPECT_EQ(policy->priority, 7);
  EXPECT_EQ(policy->on_stale, model::StaleTelemetry::fail_closed);
  EXPECT_EQ(policy->max_telemetry_age, base::Seconds(20));
  EXPECT_THAT(policy->rack_constraints,
              ElementsAre(model::RackConstraint{"rack-1", base::watts(5000), base::millicelsius(27'500)},
                          model::RackConstraint{"rack-2", std::nullopt, std::nullopt}));
  ASSERT_TRUE(policy->selector.has_value());
  EXPECT_TRUE(model::matches(*policy->selector, {{"app", "vllm"}}));
  EXPECT_EQ(policy->performance_power_ratio, (model::PerformancePowerRatio{0.8, 10}));
  ASSERT_EQ(policy->custom_algorithms.size(), 2U);
  EXPECT_EQ(policy->custom_algorithms[0].parameters.at("n"), model::ParameterValue(std::int64_t{500}));
  EXPECT_EQ(policy->custom_algorithms[0].parameters.at("b"), model::ParameterValue(true));
  EXPECT_THAT(unknown_algorithms(*policy), ElementsAre("a", "b"));
  EXPECT_THAT(policy->not_evaluated, ElementsAre("spec.scaling"));
  EXPECT_EQ(policy->capping_threshold_percent, 80);
  EXPECT_EQ(policy->performance_query, "up");
}

TEST(ParsePolicy, NodeCapsKeepEveryField) {
  const auto policy = parse_policy(policy_with(R"({"powerCapLimit":1,"nodeCaps":[
      {"nodeSelector":{"kind":"gpu"},"cpuPackageWatts":120,"gpuWatts":300,"nodeWatts":900,"shortTermPercent":120,
       "timeWindowMilliseconds":1000},{"nodeWatts":500}]})"));
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  model::NodeCap first;
  first.node_selector = {{"kind", "gpu"}};
  first.cpu_package = base::watts(120);
  first.gpu = base::watts(300);
  first.node = base::watts(900);
  first.short_term_percent = 120;
  first.time_window = base::Milliseconds(1000);
  model::NodeCap second;
  second.node = base::watts(500);
  EXPECT_THAT(policy->node_caps, ElementsAre(first, second));
  EXPECT_EQ(policy->node_caps[1].short_term_percent, 110);
}

TEST(ParsePolicy, FieldsOfLaterVersionsAreListedAndNotAnError) {
  const auto policy = parse_policy(policy_with(R"({"powerCapLimit":1,"nodeCaps":[{"gpuWatts":300,"perCore":1}],
      "scaling":{"strategy":"Maximize"},"cappingThreshold":90,"fromTheFuture":1})"));
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_THAT(policy->not_evaluated, ElementsAre("spec.fromTheFuture", "spec.nodeCaps[].perCore", "spec.scaling"));
}

TEST(ParsePolicy, TheSameAlgorithmInBothFormsCountsOnce) {
  const auto policy = parse_policy(policy_with(
      R"({"powerCapLimit":1,"customAlgorithm":{"name":"a"},"customAlgorithms":[{"name":"a","parameters":{"x":"1"}}]})"));
  ASSERT_TRUE(policy.ok());
  EXPECT_THAT(unknown_algorithms(*policy), ElementsAre("a"));
  EXPECT_TRUE(policy->custom_algorithms[0].parameters.empty());
}

TEST(ParsePolicy, AllProblemsAreToldAtOnce) {
  const auto policy = parse_policy(policy_with(
      R"({"powerCapLimit":0,"mode":"Off","rackConstraints":[{"maxPower":-1},{"rackId":"r","maxTemperature":"hot"}]})"));
  ASSERT_FALSE(policy.ok());
  for (const auto* field : {"spec.powerCapLimit: must be between 1", "spec.mode: \"Off\" is none of Enforce, Recommend",
                            "spec.rackConstraints[0].maxPower", "spec.rackConstraints[0].rackId: is required",
                            "spec.rackConstraints[1].maxTemperature: must be a number"}) {
    EXPECT_THAT(policy.error().message, HasSubstr(field));
  }
}

struct Case {
  std::string name;
  std::string spec;
  std::string want;
};
class PolicyProblem : public testing::TestWithParam<Case> {};
TEST_P(PolicyProblem, NamesTheField) {
  const auto policy = parse_policy(policy_with(GetParam().spec));
  ASSERT_FALSE(policy.ok());
  EXPECT_THAT(policy.error().message, HasSubstr(GetParam().want));
}
INSTANTIATE_TEST_SUITE_P(
    Table, PolicyProblem,
    testing::Values(
        Case{"no limit", "{}", "spec.powerCapLimit: is required"},
        Case{"a limit as text", R"({"powerCapLimit":"1kW"})", "spec.powerCapLimit: must be an integer"},
        Case{"a rack named twice", R"({"powerCapLimit":1,"rackConstraints":[{"rackId":"r"},{"rackId":"r"}]})",
             "spec.rackConstraints[1].rackId: \"r\" stands twice"},
        Case{"a selector operator that does not exist",
             R"({"powerCapLimit":1,"selector":{"matchExpressions":[{"key":"a","operator":"Near"}]}})",
             "spec.selector.matchExpressions[0].operator"},
        Case{"in without values",
             R"({"powerCapLimit":1,"selector":{"matchExpressions":[{"key":"a","operator":"In"}]}})",
             "spec.selector.matchExpressions[0].values: must not be empty"},
        Case{"exists with values",
             R"({"powerCapLimit":1,"selector":{"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]}})",
             "spec.selector.matchExpressions[0].values: must be empty"},
        Case{"a ratio of 0", R"({"powerCapLimit":1,"performancePowerRatio":{"targetRatio":0}})",
             "spec.performancePowerRatio.targetRatio: must be above 0"},
        Case{"a nested parameter", R"({"powerCapLimit":1,"customAlgorithm":{"name":"a","parameters":{"x":{}}}})",
             "spec.customAlgorithm.parameters.x: must be a string"},
        Case{"an age of 0", R"({"powerCapLimit":1,"maxTelemetryAgeSeconds":0})", "spec.maxTelemetryAgeSeconds"},
        Case{"a node cap that caps nothing", R"({"powerCapLimit":1,"nodeCaps":[{"shortTermPercent":100}]})",
             "spec.nodeCaps[0]: needs at least one of"},
        Case{"a node cap of 0 W", R"({"powerCapLimit":1,"nodeCaps":[{"gpuWatts":0}]})", "spec.nodeCaps[0].gpuWatts"},
        Case{"a node selector that is no label",
             R"({"powerCapLimit":1,"nodeCaps":[{"nodeWatts":9,"nodeSelector":{"a":1}}]})",
             "spec.nodeCaps[0].nodeSelector.a: must be a string"},
        Case{"a threshold above 100", R"({"powerCapLimit":1,"cappingThreshold":101})", "spec.cappingThreshold"}),
    test::RowName());

}  // namespace
}  // namespace headroom::policy
