#include "topology/parse_topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/table.h"

namespace headroom::topology {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string object_with(const std::string& spec) {
  return R"({"metadata":{"name":"hall","generation":3,"uid":"u","resourceVersion":"9"},"spec":)" + spec + "}";
}
std::string with_element(const std::string& fields) {
  return object_with(R"({"elements":[{)" + fields + "}]}");
}

TEST(ParseTopology, AnEmptySpecMeansTheDefaults) {
  const auto object = parse_topology(object_with("{}"));
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(object->name, "hall");
  EXPECT_EQ(object->generation, 3);
  EXPECT_EQ(object->rack_label, "topology.kubernetes.io/rack");
  EXPECT_EQ(object->mode, model::EnforcementMode::enforce);
  EXPECT_EQ(object->admission, model::Admission::booked);
  EXPECT_EQ(object->on_stale, model::StaleTelemetry::assume_peak);
  EXPECT_EQ(object->max_telemetry_age, base::Seconds(60));
  EXPECT_EQ(object->nodes_outside, model::OutsideNodes::allow);
}

TEST(ParseTopology, AnElementKeepsEveryField) {
  const auto object = parse_topology(with_element(
      R"("name":"r1","type":"Rack","ratedWatts":10000,"continuousPercent":90,"fedBy":[{"name":"a","sharePercent":60},
         {"name":"b","sharePercent":40}],"maxInletCelsius":27.5,"baseWatts":300,
         "meter":{"query":"q","freshnessQuery":"fq"},"inletQuery":"iq")"));
  ASSERT_TRUE(object.ok()) << object.error().message;
  model::PowerElement want;
  want.name = "r1";
  want.type = model::ElementType::rack;
  want.rated = base::watts(10'000);
  want.continuous_percent = 90;
  want.fed_by = {{"a", 60}, {"b", 40}};
  want.max_inlet = base::millicelsius(27'500);
  want.base_load = base::watts(300);
  want.meter_query = "q";
  want.meter_freshness_query = "fq";
  want.inlet_query = "iq";
  EXPECT_THAT(object->elements, ElementsAre(want));
  EXPECT_TRUE(object->not_evaluated.empty());
}

TEST(ParseTopology, FieldsThatAreNotBuiltYetAreListedOnceWithoutIndex) {
  const auto object = parse_topology(object_with(R"({
      "failureScenarios":{},"tripBudget":0.4,"futureField":1,
      "elements":[{"name":"f","type":"Feed","ratedWatts":1,"tripCurve":{"preset":"C"},"emergencyPercent":120},
                  {"name":"g","type":"Feed","ratedWatts":1,"tripCurve":{"preset":"C"}}]})"));
  ASSERT_TRUE(object.ok()) << object.error().message;
  EXPECT_THAT(object->not_evaluated,
              ElementsAre("spec.elements[].tripCurve", "spec.failureScenarios", "spec.futureField", "spec.tripBudget"));
}

TEST(ParseTopology, WhatCappingIsToldIsKept) {
  const auto silent = parse_topology(object_with("{}"));
  ASSERT_TRUE(silent.ok());
  EXPECT_EQ(silent->capping, model::CappingMode::off);
  EXPECT_EQ(silent->capping_node_selector, std::nullopt);
  EXPECT_EQ(silent->capping_threshold_percent, 90);
  EXPECT_EQ(silent->policy_node_caps, model::PolicyNodeCaps::exclusive);
  const auto told = parse_topology(object_with(R"({"capping":"Enforce","cappingThreshold":80,"policyNodeCaps":"Any",
      "cappingNodeSelector":{"matchLabels":{"canary":"yes"}}})"));
  ASSERT_TRUE(told.ok()) << told.error().message;
  EXPECT_EQ(told->capping, model::CappingMode::enforce);
  ASSERT_TRUE(told->capping_node_selector.has_value());
  EXPECT_TRUE(model::matches(*told->capping_node_selector, {{"canary", "yes"}}));
  EXPECT_EQ(told->capping_threshold_percent, 80);
  EXPECT_EQ(told->policy_node_caps, model::PolicyNodeCaps::any);
  EXPECT_TRUE(told->not_evaluated.empty());
}

TEST(ParseTopology, DefaultsWrittenByTheSchemaAreNotListedAsUnevaluated) {
  const auto object = parse_topology(object_with(R"({"capping":"Off","cappingThreshold":90,"policyNodeCaps":"Exclusive",
      "tripBudget":0.5,"elements":[{"name":"f","type":"Feed","ratedWatts":1,"emergencyPercent":100,"fedBy":[]}]})"));
  ASSERT_TRUE(object.ok()) << object.error().message;
  EXPECT_THAT(object->not_evaluated, ElementsAre());
}

TEST(ParseTopology, AllProblemsAreToldAtOnce) {
  const auto object = parse_topology(object_with(R"({"mode":"Perhaps","maxTelemetryAgeSeconds":0,
      "elements":[{"name":"r1","type":"Rack","ratedWatts":0},{"type":"Oven","ratedWatts":"1 kW"}]})"));
  ASSERT_FALSE(object.ok());
  const std::string& message = object.error().message;
  EXPECT_EQ(object.error().kind, base::ErrorKind::invalid_input);
  for (const auto* field :
       {"spec.mode", "spec.maxTelemetryAgeSeconds", "spec.elements[0].ratedWatts", "spec.elements[0].fedBy",
        "spec.elements[1].name", "spec.elements[1].type", "spec.elements[1].ratedWatts: must be an integer"}) {
    EXPECT_THAT(message, HasSubstr(field));
  }
}

struct Case {
  std::string name;
  std::string fields;  // of one element
  std::string want;    // part of the message
};

class ElementProblem : public testing::TestWithParam<Case> {};

TEST_P(ElementProblem, NamesTheField) {
  const auto object = parse_topology(with_element(GetParam().fields));
  ASSERT_FALSE(object.ok());
  EXPECT_THAT(object.error().message, HasSubstr(GetParam().want));
}

const std::string kRack = R"("name":"r","type":"Rack","ratedWatts":1000,)";
INSTANTIATE_TEST_SUITE_P(
    Table, ElementProblem,
    testing::Values(
        Case{"shares that sum to less than 100", kRack + R"("fedBy":[{"name":"a","sharePercent":50}])",
             "spec.elements[0].fedBy: sharePercent must sum to 100, not 50"},
        Case{"two feeds without shares sum to 200", kRack + R"("fedBy":[{"name":"a"},{"name":"b"}])",
             "must sum to 100, not 200"},
        Case{"a rack without source", kRack + R"("fedBy":[])", "spec.elements[0].fedBy: every element but Feed"},
        Case{"an element that feeds itself", kRack + R"("fedBy":[{"name":"r"}])",
             "spec.elements[0].fedBy[0].name: an element cannot feed itself"},
        Case{"a feed named twice", kRack + R"("fedBy":[{"name":"a","sharePercent":50},{"name":"a","sharePercent":50}])",
             "spec.elements[0].fedBy[1].name: \"a\" stands twice"},
        Case{"a share of 0", kRack + R"("fedBy":[{"name":"a","sharePercent":0}])",
             "spec.elements[0].fedBy[0].sharePercent: must be between 1 and 100"},
        Case{"a name that no label can have", R"("name":"rack 1","type":"Feed","ratedWatts":1)",
             "spec.elements[0].name: must consist of"},
        Case{"an inlet limit on a PDU",
             R"("name":"p","type":"PDU","ratedWatts":1,"fedBy":[{"name":"a"}],"maxInletCelsius":30)",
             "spec.elements[0].maxInletCelsius: only a Rack"},
        Case{"continuous above 100", kRack + R"("fedBy":[{"name":"a"}],"continuousPercent":101)",
             "spec.elements[0].continuousPercent: must be between 1 and 100"},
        Case{"a meter without query", kRack + R"("fedBy":[{"name":"a"}],"meter":{})",
             "spec.elements[0].meter.query: is required"},
        Case{"a fraction of a watt", R"("name":"f","type":"Feed","ratedWatts":1.5)",
             "spec.elements[0].ratedWatts: must be an integer"},
        Case{"an element that is text", R"("name":"f","type":"Feed","ratedWatts":1,"fedBy":["a"])",
             "spec.elements[0].fedBy[0]: must be an object"}),
    headroom::test::RowName());

TEST(ParseTopology, TheSameNameTwiceInOneObjectIsAProblem) {
  const auto object = parse_topology(object_with(
      R"({"elements":[{"name":"f","type":"Feed","ratedWatts":1},{"name":"f","type":"Feed","ratedWatts":1}]})"));
  ASSERT_FALSE(object.ok());
  EXPECT_EQ(object.error().message, R"(spec.elements[1].name: "f" stands twice)");
}

struct TextCase {
  std::string name;
  std::string json;
  std::string want;
};
class BadText : public testing::TestWithParam<TextCase> {};
TEST_P(BadText, IsAnError) {
  const auto object = parse_topology(GetParam().json);
  ASSERT_FALSE(object.ok());
  EXPECT_THAT(object.error().message, HasSubstr(GetParam().want));
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadText,
    testing::Values(TextCase{"empty text", "", "not JSON"}, TextCase{"half a document", R"({"spec":)", "not JSON"},
                    TextCase{"a list", "[]", "metadata: is required"},
                    TextCase{"no spec", R"({"metadata":{"name":"a"}})", "spec: is required"},
                    TextCase{"spec is text", R"({"metadata":{"name":"a"},"spec":"x"})", "spec: must be an object"},
                    TextCase{"a member twice", R"({"spec":{},"spec":{}})", "member \"spec\" stands twice"},
                    TextCase{"nesting without end", std::string(100'000, '['), "nested too deeply"}),
    headroom::test::RowName());

TEST(ParseTopology, ANodeClassKeepsEveryFieldAndHasCautiousDefaults) {
  const auto object = parse_topology(object_with(R"({"nodeClasses":[
      {"nodeSelector":{"matchLabels":{"kind":"gpu"},"matchExpressions":[{"key":"z","operator":"In","values":["a"]}]},
       "idleWatts":400,"maxWatts":6500,"wattsPerCore":5.5,"deviceWatts":{"nvidia.com/gpu":700},"overheadWatts":300},
      {"nodeSelector":{}}]})"));
  ASSERT_TRUE(object.ok()) << object.error().message;
  ASSERT_EQ(object->node_classes.size(), 2U);
  const auto& gpu = object->node_classes[0];
  EXPECT_EQ(gpu.max, base::watts(6500));
  EXPECT_EQ(gpu.watts_per_core, base::microwatts(5'500'000));
  EXPECT_EQ(gpu.device_watts.at("nvidia.com/gpu"), base::watts(700));
  EXPECT_TRUE(model::matches(gpu.selector, {{"kind", "gpu"}, {"z", "a"}}));
  const auto& any = object->node_classes[1];
  EXPECT_EQ(any.idle, base::watts(120));
  EXPECT_EQ(any.overhead, base::watts(60));
  EXPECT_FALSE(any.max.has_value());
}

TEST(ParseTopology, ASelectorThatIsOnlyHalfUnderstoodIsRefused) {
  const auto object = parse_topology(object_with(R"({"nodeClasses":[{"nodeSelector":{"matchNames":["a"]}}]})"));
  ASSERT_FALSE(object.ok());
  EXPECT_THAT(object.error().message, HasSubstr("spec.nodeClasses[0].nodeSelector.matchNames"));
}

TEST(PrintTopology, WhatIsPrintedReadsBackTheSame) {
  const auto object = parse_topology(object_with(R"({"rackLabel":"rack","nodesOutside":"Refuse","mode":"Recommend",
      "admission":"Measured","onStaleTelemetry":"FailClosed","maxTelemetryAgeSeconds":30,"trustedNamespaces":["a"],
      "rackMeterQuery":"m","rackMeterFreshnessQuery":"mf","rackInletQuery":"i","rackInletFreshnessQuery":"if",
      "elements":[{"name":"f","type":"Feed","ratedWatts":100,"emergencyPercent":110},
        {"name":"z","type":"CoolingZone","ratedWatts":50},
        {"name":"r","type":"Rack","ratedWatts":10,"continuousPercent":70,"fedBy":[{"name":"f"}],"maxInletCelsius":27.5,
         "coolingZone":"z","baseWatts":1,"meter":{"query":"q","freshnessQuery":"fq"},"inletQuery":"iq"}],
      "nodeClasses":[{"nodeSelector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"Exists"}]},
        "idleWatts":1,"maxWatts":2,"wattsPerCore":0.5,"deviceWatts":{"d":3},"overheadWatts":4}]})"));
  ASSERT_TRUE(object.ok()) << object.error().message;
  auto want = *object;
  want.uid.clear();
  want.resource_version.clear();
  auto again = parse_topology(print_topology(want));
  ASSERT_TRUE(again.ok()) << again.error().message;
  want.not_evaluated.clear();
  again->not_evaluated.clear();
  EXPECT_EQ(*again, want);
}

}  // namespace
}  // namespace headroom::topology
