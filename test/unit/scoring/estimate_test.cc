#include "scoring/estimate.h"

#include <gtest/gtest.h>

#include "base/names.h"
#include "test/support/table.h"

namespace headroom::scoring {
namespace {

using base::watts;

model::NodeClass gpu_class() {
  model::NodeClass made;
  made.idle = watts(100);
  made.max = watts(6'000);
  made.watts_per_core = watts(10);
  made.device_watts = {{"nvidia.com/gpu", watts(700)}};
  return made;
}

struct Row {
  std::string name;
  std::int64_t cpu_millis = 0;
  std::int64_t gpus = 0;
  std::string expected = {};  // annotation; empty: none
  bool trusted = false;
  std::string decision = {};  // annotation of a bound pod; empty: none
  std::int64_t node_millis = 32'000;
  double want = 0;
  Provenance provenance = Provenance::minimum;
};

class EstimateRule : public testing::TestWithParam<Row> {};

TEST_P(EstimateRule, holds) {
  const Row& row = GetParam();
  model::Pod pod;
  pod.ns = row.trusted ? "trusted" : "tenant";
  pod.cpu_millis = row.cpu_millis;
  if (row.gpus > 0) pod.devices = {{"nvidia.com/gpu", row.gpus}};
  if (!row.expected.empty()) pod.annotations.emplace(base::names::kExpectedWattsAnnotation, row.expected);
  if (!row.decision.empty()) {
    pod.annotations.emplace(base::names::kDecisionAnnotation, row.decision);
    pod.node_name = "n1";
  }
  const Settings settings;
  const std::vector<std::string> trusted{"trusted"};
  const Estimate estimate = on_node(demand_of(pod, gpu_class(), {settings, trusted}), row.node_millis);
  EXPECT_DOUBLE_EQ(base::to_watts(estimate.power), row.want);
  EXPECT_EQ(to_string(estimate.provenance), to_string(row.provenance));
  EXPECT_LE(estimate.devices, estimate.power);
}

INSTANTIATE_TEST_SUITE_P(
    Table, EstimateRule,
    testing::Values(
        Row{.name = "a pod that asks for nothing counts the minimum", .want = 2, .provenance = Provenance::minimum},
        Row{.name = "cpu counts watts per core", .cpu_millis = 2'500, .want = 25, .provenance = Provenance::cpu},
        Row{.name = "devices count their peak and the cpu beside them",
            .cpu_millis = 4'000,
            .gpus = 2,
            .want = 1'440,
            .provenance = Provenance::devices},
        Row{.name = "cpu never exceeds what the node can draw",
            .cpu_millis = 500'000,
            .node_millis = 8'000,
            .want = 80,
            .provenance = Provenance::cpu},
        Row{.name = "an absurd cpu limit on a node of unknown capacity stays finite",
            .cpu_millis = INT64_MAX,
            .node_millis = 0,
            .want = 1e7,
            .provenance = Provenance::cpu},
        Row{.name = "a negative cpu counts as none", .cpu_millis = -5, .want = 2, .provenance = Provenance::minimum},
        Row{.name = "the annotation raises",
            .cpu_millis = 1'000,
            .expected = "350",
            .want = 350,
            .provenance = Provenance::annotation},
        Row{.name = "the annotation of an untrusted namespace does not lower",
            .cpu_millis = 10'000,
            .expected = "20",
            .want = 100,
            .provenance = Provenance::cpu},
        Row{.name = "the annotation of a trusted namespace lowers",
            .cpu_millis = 10'000,
            .expected = "20.5",
            .trusted = true,
            .want = 20.5,
            .provenance = Provenance::annotation},
        Row{.name = "no trusted namespace lowers below the minimum",
            .cpu_millis = 10'000,
            .expected = "0",
            .trusted = true,
            .want = 2,
            .provenance = Provenance::minimum},
        Row{.name = "the annotation counts up to maxWatts of the class",
            .expected = "9000000",
            .want = 6'000,
            .provenance = Provenance::annotation},
        Row{.name = "a malformed annotation changes no estimate",
            .cpu_millis = 1'000,
            .expected = "lots",
            .want = 10,
            .provenance = Provenance::cpu},
        Row{.name = "a bound pod counts at least what it was granted",
            .cpu_millis = 1'000,
            .decision = R"({"estimatedWatts":400})",
            .want = 400,
            .provenance = Provenance::decision},
        Row{.name = "an edited decision does not lower the estimate",
            .cpu_millis = 1'000,
            .decision = R"({"estimatedWatts":1})",
            .want = 10,
            .provenance = Provenance::cpu},
        Row{.name = "an edited decision fills no rack",
            .cpu_millis = 1'000,
            .decision = R"({"estimatedWatts":9999999})",
            .want = 6'000,
            .provenance = Provenance::decision},
        Row{.name = "a broken decision counts as none",
            .cpu_millis = 1'000,
            .decision = "{",
            .want = 10,
            .provenance = Provenance::cpu}),
    test::RowName());

TEST(Estimate, the_decision_annotation_of_an_unbound_pod_says_nothing) {
  model::Pod pod;
  pod.annotations.emplace(base::names::kDecisionAnnotation, R"({"estimatedWatts":400})");
  const Settings settings;
  EXPECT_EQ(on_node(demand_of(pod, gpu_class(), {settings, {}}), 1'000).power, watts(2));
}

TEST(Estimate, where_the_class_knows_no_maximum_one_pod_claims_no_more_than_the_settings_say) {
  model::NodeClass unknown = gpu_class();
  unknown.max.reset();
  model::Pod pod;
  pod.annotations.emplace(base::names::kExpectedWattsAnnotation, "9000000");
  const Settings settings;
  EXPECT_EQ(on_node(demand_of(pod, unknown, {settings, {}}), 1'000).power, settings.unknown_class_pod_max);
}

TEST(Estimate, a_device_that_the_class_does_not_know_counts_nothing) {
  model::Pod pod;
  pod.devices = {{"example.com/fpga", 4}};
  const Settings settings;
  EXPECT_EQ(on_node(demand_of(pod, gpu_class(), {settings, {}}), 1'000).power, watts(2));
}

using Requests = std::vector<model::DeviceRequest>;

// A pod of no CPU with one claim in a cluster that knows the claim "ns/c" and the template "ns/t".
struct ClaimRow {
  std::string name;
  model::PodClaim named{"c", ""};
  Requests claim{};
  Requests from_template{};
  bool known = true;  // the API server serves claims and lets us read them
  std::optional<base::Power> class_max = watts(6'000);
  double want = 0;
};

class ClaimRule : public testing::TestWithParam<ClaimRow> {};

TEST_P(ClaimRule, holds) {
  const ClaimRow& row = GetParam();
  model::NodeClass node_class = gpu_class();
  node_class.max = row.class_max;
  node_class.device_watts = {{"gpu", watts(700)}, {"small", watts(100)}};
  model::DeviceClaims known;
  known.claims["ns/c"] = std::make_shared<const model::DeviceClaim>(model::DeviceClaim{"ns/c", row.claim});
  known.templates["ns/t"] = std::make_shared<const model::DeviceClaim>(model::DeviceClaim{"ns/t", row.from_template});
  model::Pod pod;
  pod.ns = "ns";
  pod.claims = {row.named};
  const Settings settings;
  const Demand demand = demand_of(pod, node_class, {settings, {}, row.known ? &known : nullptr});
  EXPECT_DOUBLE_EQ(base::to_watts(on_node(demand, 1'000).power), row.want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ClaimRule,
    testing::Values(
        ClaimRow{.name = "devices count their class's watts", .claim = {{{"gpu", 2}}}, .want = 1'400},
        ClaimRow{.name = "requests add up", .claim = {{{"gpu", 1}}, {{"small", 3}}}, .want = 1'000},
        ClaimRow{.name = "of alternatives the one with most watts counts",
                 .claim = {{{"small", 2}, {"gpu", 1}, {"nic", 8}}},
                 .want = 700},
        ClaimRow{.name = "a device class that the node class gives no watts counts none",
                 .claim = {{{"nic", 8}}},
                 .want = 2},
        ClaimRow{.name = "nor do all of such a class", .claim = {{{"nic", {}}}}, .want = 2},
        ClaimRow{.name = "all devices of a class count the node's maximum", .claim = {{{"gpu", {}}}}, .want = 6'000},
        ClaimRow{.name = "a claim not made yet counts as its template",
                 .named = {"", "t"},
                 .claim = {{{"gpu", 2}}},
                 .from_template = {{{"gpu", 1}}},
                 .want = 700},
        ClaimRow{.name = "a claim not seen yet as well",
                 .named = {"p-x", "t"},
                 .from_template = {{{"gpu", 1}}},
                 .want = 700},
        ClaimRow{.name = "a claim that is there goes before its template",
                 .named = {"c", "t"},
                 .claim = {{{"small", 1}}},
                 .from_template = {{{"gpu", 1}}},
                 .want = 100},
        ClaimRow{.name = "a claim that nobody knows counts the node's maximum", .named = {"gone", ""}, .want = 6'000},
        ClaimRow{.name = "so does every claim where none can be read",
                 .claim = {{{"small", 1}}},
                 .known = false,
                 .want = 6'000},
        ClaimRow{.name = "and what one pod may claim where no maximum is known",
                 .known = false,
                 .class_max = std::nullopt,
                 .want = 15'000},
        ClaimRow{.name = "an absurd number stays finite", .claim = {{{"gpu", INT64_MAX}}}, .want = 1e7}),
    test::RowName());

TEST(Estimate, a_claim_that_cannot_be_read_counts_nothing_where_no_device_has_watts) {
  model::NodeClass plain = gpu_class();
  plain.device_watts.clear();
  model::Pod pod;
  pod.claims = {{"c", ""}};
  const Settings settings;
  EXPECT_EQ(on_node(demand_of(pod, plain, {settings, {}}), 1'000).power, watts(2));
}

TEST(Estimate, a_device_class_asked_for_as_an_extended_resource_counts_by_the_class) {
  model::NodeClass node_class = gpu_class();
  node_class.device_watts = {{"gpu.example.com", watts(500)}};
  model::Pod pod;
  pod.devices = {{"deviceclass.resource.kubernetes.io/gpu.example.com", 2}};
  const Settings settings;
  EXPECT_EQ(on_node(demand_of(pod, node_class, {settings, {}}), 1'000).power, watts(1'000));
}

struct Text {
  std::string name;
  std::string text;
  std::optional<double> watts;
};

class ExpectedWatts : public testing::TestWithParam<Text> {};

TEST_P(ExpectedWatts, is_read_or_refused) {
  const auto watts = parse_expected_watts(GetParam().text);
  ASSERT_EQ(watts.ok(), GetParam().watts.has_value());
  if (watts) {
    EXPECT_DOUBLE_EQ(base::to_watts(*watts), *GetParam().watts);
  } else {
    EXPECT_NE(watts.error().message.find("powercapping.example.com/expected-watts"), std::string::npos);
    EXPECT_EQ(watts.error().kind, base::ErrorKind::invalid_input);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ExpectedWatts,
    testing::Values(Text{"whole watts", "350", 350}, Text{"fractions", "12.5", 12.5}, Text{"nought", "0", 0},
                    Text{"the largest", "10000000", 1e7}, Text{"too large", "10000001", {}}, Text{"empty", "", {}},
                    Text{"negative", "-5", {}}, Text{"signed", "+5", {}}, Text{"with a unit", "350W", {}},
                    Text{"with spaces", " 350", {}}, Text{"an exponent", "1e3", {}}, Text{"not a number", "nan", {}},
                    Text{"infinity", "inf", {}}, Text{"two points", "1.2.3", {}}, Text{"a bare point", ".", {}},
                    Text{"hexadecimal", "0x10", {}}, Text{"very long", std::string(5'000, '9'), {}}),
    test::RowName());

TEST(Demand, a_malformed_annotation_is_flagged) {
  model::Pod pod;
  pod.annotations.emplace(base::names::kExpectedWattsAnnotation, "350W");
  const Settings settings;
  EXPECT_TRUE(demand_of(pod, gpu_class(), {settings, {}}).malformed);
}

TEST(DefaultClass, rejects_and_clamps_nothing) {
  const model::NodeClass shipped = shipped_default_class();
  EXPECT_FALSE(shipped.max.has_value());
  EXPECT_GT(shipped.idle, watts(0));
  EXPECT_GT(shipped.watts_per_core, watts(0));
  EXPECT_EQ(shipped.device_watts.at("nvidia.com/gpu"), watts(700));
}

}  // namespace
}  // namespace headroom::scoring
