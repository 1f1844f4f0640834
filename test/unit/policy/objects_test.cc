// The objects of test/data against our parsers: those that a real API server accepted and printed, and those that it
// refuses (test/e2e tries that). The CRDs' bounds against ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <sstream>

#include "model/node_power_cap.h"
#include "policy/limits.h"
#include "policy/parse_policy.h"
#include "topology/json_value.h"
#include "topology/limits.h"
#include "topology/node_class_defaults.h"
#include "topology/parse_topology.h"

namespace headroom::policy {
namespace {

using testing::HasSubstr;
using topology::JsonValue;

std::string read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct BrokenCase {
  std::string name;  // of the file
  std::string message;
};

std::string text_of(const JsonValue& object, std::string_view name) {
  return std::get<std::string>(object.find(name)->value);
}

// The file also tells test/e2e what the API server says. ourMessage is empty where only its schema can see the problem,
// because the field has no effect in this version.
std::vector<BrokenCase> broken_cases() {
  std::vector<BrokenCase> cases;
  const auto list = topology::parse_json(read("test/data/broken/cases.json"));
  for (const auto& entry : std::get<JsonValue::Array>(list->value)) {
    cases.push_back({text_of(entry, "file"), text_of(entry, "ourMessage")});
  }
  return cases;
}

TEST(BrokenObjects, AreAtLeastTwentyOfEachUse) {
  EXPECT_GE(broken_cases().size(), 20U);
}

TEST(BrokenObjects, AreRefusedNamingTheField) {
  for (const auto& row : broken_cases()) {
    SCOPED_TRACE(row.name);
    const std::string json = read("test/data/broken/" + row.name);
    const bool is_policy = row.name.rfind("policy-", 0) == 0;
    const auto policy = is_policy ? parse_policy(json) : base::Result<model::PolicyObject>(model::PolicyObject{});
    const auto object =
        is_policy ? base::Result<model::TopologyObject>(model::TopologyObject{}) : topology::parse_topology(json);
    if (row.message.empty()) {
      EXPECT_TRUE(policy.ok() && object.ok());
    } else if (is_policy) {
      ASSERT_FALSE(policy.ok());
      EXPECT_THAT(policy.error().message, HasSubstr(row.message));
    } else {
      ASSERT_FALSE(object.ok());
      EXPECT_THAT(object.error().message, HasSubstr(row.message));
    }
  }
}

TEST(PrintedObjects, TheSeedExamplesMeanWhatTheySay) {
  const auto basic = parse_policy(read("test/data/objects/pcp-seed-01-basic.json"));
  ASSERT_TRUE(basic.ok()) << basic.error().message;
  EXPECT_EQ(basic->power_cap_limit, base::watts(1000));
  EXPECT_EQ(basic->selector, std::nullopt);
  EXPECT_TRUE(basic->not_evaluated.empty());

  const auto racks = parse_policy(read("test/data/objects/pcp-seed-02-rack-constraints.json"));
  ASSERT_TRUE(racks.ok()) << racks.error().message;
  EXPECT_EQ(racks->rack_constraints,
            (std::vector<model::RackConstraint>{{"rack-1", base::watts(5000), base::celsius(30)},
                                                {"rack-2", base::watts(4000), base::celsius(28)}}));

  const auto ratio = parse_policy(read("test/data/objects/pcp-seed-03-performance-power-ratio.json"));
  ASSERT_TRUE(ratio.ok()) << ratio.error().message;
  EXPECT_EQ(ratio->performance_power_ratio, (model::PerformancePowerRatio{0.8, 10}));
  EXPECT_TRUE(ratio->not_evaluated.empty());

  const auto algorithm = parse_policy(read("test/data/objects/pcp-seed-04-custom-algorithm.json"));
  ASSERT_TRUE(algorithm.ok()) << algorithm.error().message;
  EXPECT_EQ(unknown_algorithms(*algorithm), std::vector<std::string>{"energy-aware-scheduling"});
  EXPECT_EQ(algorithm->custom_algorithms[0].parameters.at("migrationInterval"),
            model::ParameterValue(std::int64_t{300}));
}

TEST(PrintedObjects, TheShippedExamplesAreRead) {
  const auto tenant = parse_policy(read("test/data/objects/pcp-vllm.json"));
  ASSERT_TRUE(tenant.ok()) << tenant.error().message;
  EXPECT_EQ(key_of(*tenant), "llm/vllm");
  EXPECT_EQ(tenant->on_stale, model::StaleTelemetry::fail_closed);
  const auto trial = parse_policy(read("test/data/objects/pcp-trial.json"));
  ASSERT_TRUE(trial.ok()) << trial.error().message;
  EXPECT_EQ(trial->mode, model::EnforcementMode::recommend);

  const auto hall = topology::parse_topology(read("test/data/objects/ptopo-hall-a.json"));
  ASSERT_TRUE(hall.ok()) << hall.error().message;
  EXPECT_EQ(hall->elements.size(), 10U);
  EXPECT_EQ(hall->node_classes.size(), 2U);
  EXPECT_TRUE(hall->not_evaluated.empty()) << "defaults that the schema writes are no unevaluated fields";
}

// All values of a key anywhere below a node.
void collect(const YAML::Node& node, const std::string& key, std::vector<std::string>& values) {
  if (node.IsMap()) {
    for (const auto& member : node) {
      if (member.first.Scalar() == key && member.second.IsScalar()) values.push_back(member.second.Scalar());
      collect(member.second, key, values);
    }
  } else if (node.IsSequence()) {
    for (const auto& item : node) collect(item, key, values);
  }
}

TEST(Bounds, OfTheSchemasAreOurs) {
  const auto spec_of = [](const std::string& file) {
    return YAML::LoadFile(file)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
  };
  const YAML::Node policy = spec_of("deploy/crds/powercappingpolicies.yaml");
  const YAML::Node topology = spec_of("deploy/crds/powertopologies.yaml");
  EXPECT_EQ(policy["powerCapLimit"]["maximum"].as<std::int64_t>(), topology::kMaxWatts);
  EXPECT_EQ(policy["rackConstraints"]["maxItems"].as<std::size_t>(), kMaxRackConstraints);
  EXPECT_EQ(policy["customAlgorithms"]["maxItems"].as<std::size_t>(), kMaxAlgorithms);
  EXPECT_EQ(policy["customAlgorithm"]["properties"]["parameters"]["maxProperties"].as<std::size_t>(), kMaxParameters);
  EXPECT_EQ(policy["priority"]["maximum"].as<std::int64_t>(), kMaxPriority);
  EXPECT_EQ(policy["maxTelemetryAgeSeconds"]["maximum"].as<std::int64_t>(), topology::kMaxSeconds);
  EXPECT_EQ(topology["elements"]["maxItems"].as<std::size_t>(), topology::kMaxElements);
  EXPECT_EQ(topology["nodeClasses"]["maxItems"].as<std::size_t>(), topology::kMaxNodeClasses);
  EXPECT_EQ(topology["trustedNamespaces"]["maxItems"].as<std::size_t>(), topology::kMaxNamespaces);
  EXPECT_EQ(topology["rackMeterQuery"]["maxLength"].as<std::size_t>(), topology::kMaxQuery);
  const YAML::Node element = topology["elements"]["items"]["properties"];
  EXPECT_EQ(element["ratedWatts"]["maximum"].as<std::int64_t>(), topology::kMaxWatts);
  EXPECT_EQ(element["name"]["maxLength"].as<std::size_t>(), topology::kMaxElementName);
  EXPECT_EQ(element["fedBy"]["maxItems"].as<std::size_t>(), topology::kMaxFeeds);
  EXPECT_EQ(element["maxInletCelsius"]["minimum"].as<double>(), topology::kMinCelsius);
  EXPECT_EQ(element["maxInletCelsius"]["maximum"].as<double>(), topology::kMaxCelsius);
  const YAML::Node node_class = topology["nodeClasses"]["items"]["properties"];
  EXPECT_EQ(node_class["idleWatts"]["default"].as<std::int64_t>(), topology::kDefaultIdleWatts);
  EXPECT_EQ(node_class["wattsPerCore"]["default"].as<double>(), topology::kDefaultWattsPerCore);
  EXPECT_EQ(node_class["overheadWatts"]["default"].as<std::int64_t>(), topology::kDefaultOverheadWatts);
  EXPECT_EQ(node_class["deviceWatts"]["maxProperties"].as<std::size_t>(), topology::kMaxDevices);
  const YAML::Node caps = policy["nodeCaps"];
  EXPECT_EQ(caps["maxItems"].as<std::size_t>(), kMaxNodeCaps);
  const YAML::Node node_cap = caps["items"]["properties"];
  EXPECT_EQ(node_cap["nodeSelector"]["maxProperties"].as<std::size_t>(), kMaxNodeCapLabels);
  EXPECT_EQ(node_cap["shortTermPercent"]["maximum"].as<std::int64_t>(), kMaxShortTermPercent);
  EXPECT_EQ(node_cap["shortTermPercent"]["default"].as<std::int32_t>(), model::NodeCap{}.short_term_percent);
  EXPECT_EQ(node_cap["timeWindowMilliseconds"]["maximum"].as<std::int64_t>(), kMaxTimeWindowMilliseconds);
  const YAML::Node cap = spec_of("deploy/crds/nodepowercaps.yaml");
  EXPECT_EQ(cap["budgetWatts"]["maximum"].as<std::int64_t>(), topology::kMaxWatts);
  EXPECT_EQ(cap["epoch"]["maximum"].as<std::int64_t>(), model::kMaxCapEpoch);
  EXPECT_EQ(cap["sequence"]["maximum"].as<std::int64_t>(), model::kMaxCapSequence);
}

// Structural schemas are cheap to check only when everything is bounded.
TEST(Bounds, EveryListOfTheSchemasHasALimit) {
  for (const auto* file : {"deploy/crds/powercappingpolicies.yaml", "deploy/crds/powertopologies.yaml",
                           "deploy/crds/nodepowercaps.yaml"}) {
    const YAML::Node schema = YAML::LoadFile(file)["spec"]["versions"][0]["schema"];
    std::vector<std::string> types;
    std::vector<std::string> limits;
    collect(schema, "type", types);
    collect(schema, "maxItems", limits);
    EXPECT_EQ(limits.size(), static_cast<std::size_t>(std::count(types.begin(), types.end(), "array"))) << file;
  }
}

}  // namespace
}  // namespace headroom::policy
