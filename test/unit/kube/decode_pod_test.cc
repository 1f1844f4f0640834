#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kube/decode.h"
#include "kube/json_reader.h"
#include "test/support/table.h"

namespace headroom::kube {
namespace {

base::Result<model::Pod> decode(std::string text) {
  return decode_pod(PaddedJson::of(text));
}

std::string pod_with(const std::string& spec, const std::string& status = "{}") {
  return R"({"metadata":{"name":"p","namespace":"ns","uid":"u"},"spec":)" + spec + R"(,"status":)" + status + "}";
}

TEST(DecodePod, TakesWhatWeUseFromARealSchedulersRequest) {
  std::ifstream in("test/data/scheduler/filter.cache-false.3nodes.json");
  ASSERT_TRUE(in) << "the recorded request is missing";
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  model::Pod pod;
  const auto read = read_json_object(PaddedJson::of(text), [&](std::string_view key, JsonCursor& value) {
    if (key != "Pod") return;
    const auto decoded = decode_pod(PaddedJson::part(value.raw()));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    pod = *decoded;
  });
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(pod.name, "trainer-rich-false");
  EXPECT_EQ(pod.ns, "default");
  EXPECT_EQ(pod.uid, "2d564126-21c9-426d-bf72-d2df9a9a337f");
  EXPECT_EQ(pod.labels.at("team"), "ml-research");
  EXPECT_TRUE(pod.annotations.empty()) << "annotations of others are not kept";
  EXPECT_FALSE(model::bound(pod));
  EXPECT_GT(pod.cpu_millis, 0);
}

TEST(DecodePod, ReadsIdentityStateAndTimes) {
  const auto pod = decode(R"({"metadata":{"name":"p","namespace":"ns","uid":"u","resourceVersion":"12",
    "labels":{"app":"x"},"creationTimestamp":"2026-01-02T03:04:05Z","deletionTimestamp":"2026-01-02T04:04:05Z",
    "annotations":{"powercapping.example.com/expected-watts":"300","powercapping.example.community/no":"1","other":"2"},
    "ownerReferences":[{"kind":"ReplicaSet"},{"kind":"DaemonSet","name":"d"}]},
    "spec":{"nodeName":"n1","schedulerName":"headroom","priority":-5,"nodeSelector":{"disk":"ssd"}},
    "status":{"phase":"Running","startTime":"2026-01-02T03:05:00Z","nominatedNodeName":"n2"}})");
  ASSERT_TRUE(pod.ok()) << pod.error().message;
  EXPECT_EQ(pod->resource_version, "12");
  EXPECT_EQ(pod->annotations, (model::Labels{{"powercapping.example.com/expected-watts", "300"}}));
  EXPECT_TRUE(pod->terminating);
  EXPECT_TRUE(pod->owned_by_daemonset);
  EXPECT_EQ(pod->node_name, "n1");
  EXPECT_EQ(pod->nominated_node, "n2");
  EXPECT_EQ(pod->scheduler_name, "headroom");
  EXPECT_EQ(pod->priority, -5);
  EXPECT_EQ(pod->phase, model::PodPhase::running);
  EXPECT_EQ(pod->created.time_since_epoch(), base::Seconds(1'767'323'045));
  ASSERT_TRUE(pod->started);
  EXPECT_EQ(*pod->started - pod->created, base::Seconds(55));
  EXPECT_EQ(pod->node_selector.at("disk"), "ssd");
}

TEST(DecodePod, ReadsRequiredNodeAffinity) {
  const auto pod = decode(pod_with(R"({"affinity":{"podAffinity":{},"nodeAffinity":{
    "preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1}],
    "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
      {"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]},{"key":"gpu","operator":"Exists"}]},
      {"matchFields":[{"key":"metadata.name","operator":"NotIn","values":["n1"]}]}]}}}})"));
  ASSERT_TRUE(pod.ok()) << pod.error().message;
  ASSERT_EQ(pod->required_node_affinity.size(), 2u);
  const auto& first = pod->required_node_affinity[0].match_expressions;
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0], (model::SelectorRequirement{"zone", model::SelectorOperator::in, {"a", "b"}}));
  EXPECT_EQ(first[1].op, model::SelectorOperator::exists);
  EXPECT_EQ(pod->required_node_affinity[1].match_fields[0].op, model::SelectorOperator::not_in);
}

TEST(DecodePod, ReadsItsClaimsWhetherNamedMadeFromATemplateOrNotMadeYet) {
  const auto pod = decode(R"({"metadata":{"name":"p","namespace":"ns","uid":"u"},
    "status":{"resourceClaimStatuses":[{"name":"b","resourceClaimName":"p-b-x7k2p"},{"name":"c"}]},
    "spec":{"resourceClaims":[{"name":"a","resourceClaimName":"shared"},{"name":"b","resourceClaimTemplateName":"t"},
      {"name":"c","resourceClaimTemplateName":"t"}]}})");
  ASSERT_TRUE(pod.ok()) << pod.error().message;
  EXPECT_EQ(pod->claims, (std::vector<model::PodClaim>{{"shared", ""}, {"p-b-x7k2p", "t"}, {"", "t"}}));
}

struct ConditionRow {
  std::string name;
  std::string conditions;
  bool unschedulable;
};
class Waiting : public testing::TestWithParam<ConditionRow> {};

TEST_P(Waiting, MeansRefusedByAScheduler) {
  const auto pod = decode(pod_with("{}", R"({"conditions":)" + GetParam().conditions + "}"));
  ASSERT_TRUE(pod.ok()) << pod.error().message;
  EXPECT_EQ(pod->unschedulable, GetParam().unschedulable);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Waiting,
    testing::Values(
        ConditionRow{"unschedulable", R"([{"type":"PodScheduled","status":"False","reason":"Unschedulable"}])", true},
        ConditionRow{"gated", R"([{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}])", false},
        ConditionRow{"bound", R"([{"type":"PodScheduled","status":"True"}])", false},
        ConditionRow{"another condition", R"([{"type":"Ready","status":"False","reason":"Unschedulable"}])", false},
        ConditionRow{"none", "null", false}),
    test::RowName());

TEST(DecodePod, ReadsOurOwnCondition) {
  const auto pod = decode(pod_with("{}", R"({"conditions":[{"type":"powercapping.example.com/Headroom","status":"False",
    "reason":"RackPower","lastTransitionTime":"2026-01-02T03:04:05Z"}]})"));
  ASSERT_TRUE(pod.ok() && pod->headroom);
  EXPECT_FALSE(pod->headroom->fits);
  EXPECT_EQ(pod->headroom->reason, "RackPower");
  EXPECT_EQ(pod->headroom->last_transition.time_since_epoch(), base::Seconds(1'767'323'045));
}

struct NeedRow {
  std::string name;
  std::string spec;
  std::string status;
  std::int64_t cpu_millis;
  std::int64_t gpus;
};
class EffectiveResources : public testing::TestWithParam<NeedRow> {};

TEST_P(EffectiveResources, AreThoseOfThePeak) {
  const auto pod = decode(pod_with(GetParam().spec, GetParam().status));
  ASSERT_TRUE(pod.ok()) << pod.error().message;
  EXPECT_EQ(pod->cpu_millis, GetParam().cpu_millis);
  std::int64_t gpus = 0;
  for (const auto& device : pod->devices) {
    if (device.resource == "nvidia.com/gpu") gpus = device.count;
  }
  EXPECT_EQ(gpus, GetParam().gpus);
}

std::string container(const std::string& name, const std::string& requests, const std::string& limits,
                      const std::string& more = "") {
  return R"({"name":")" + name + R"(","resources":{"requests":{)" + requests + R"(},"limits":{)" + limits + "}}" +
         more + "}";
}
std::string containers(const std::string& list, const std::string& more = "") {
  return R"({"containers":[)" + list + "]" + more + "}";
}
std::string inits(const std::string& list) {
  return R"(,"initContainers":[)" + list + "]";
}
const std::string kSidecar = R"(,"restartPolicy":"Always")";

INSTANTIATE_TEST_SUITE_P(
    Table, EffectiveResources,
    testing::Values(
        NeedRow{"a request alone", containers(container("a", R"("cpu":"500m")", "")), "{}", 500, 0},
        NeedRow{"the limit wins over the request", containers(container("a", R"("cpu":"500m")", R"("cpu":"2")")), "{}",
                2'000, 0},
        NeedRow{"a limit alone", containers(container("a", "", R"("cpu":"2","nvidia.com/gpu":"1")")), "{}", 2'000, 1},
        NeedRow{"containers add up",
                containers(container("a", R"("cpu":"1")", "") + "," +
                           container("b", R"("cpu":"250m","nvidia.com/gpu":"2")", R"("nvidia.com/gpu":"2")")),
                "{}", 1'250, 2},
        NeedRow{"a larger init container counts instead",
                containers(container("a", R"("cpu":"1")", ""),
                           inits(container("i", R"("cpu":"3")", "") + "," + container("j", R"("cpu":"2")", ""))),
                "{}", 3'000, 0},
        NeedRow{"a smaller init container does not count",
                containers(container("a", R"("cpu":"4")", ""), inits(container("i", R"("cpu":"3")", ""))), "{}", 4'000,
                0},
        NeedRow{"a sidecar runs beside the containers",
                containers(container("a", R"("cpu":"4")", ""), inits(container("s", R"("cpu":"1")", "", kSidecar))),
                "{}", 5'000, 0},
        NeedRow{"a sidecar runs beside the init containers after it",
                containers(container("a", R"("cpu":"1")", ""), inits(container("s", R"("cpu":"1")", "", kSidecar) +
                                                                     "," + container("i", R"("cpu":"5")", ""))),
                "{}", 6'000, 0},
        NeedRow{"a sidecar does not run beside the init containers before it",
                containers(container("a", R"("cpu":"1")", ""), inits(container("i", R"("cpu":"5")", "") + "," +
                                                                     container("s", R"("cpu":"1")", "", kSidecar))),
                "{}", 5'000, 0},
        NeedRow{"overhead comes on top",
                containers(container("a", R"("cpu":"1")", ""), R"(,"overhead":{"cpu":"250m","memory":"1Gi"})"), "{}",
                1'250, 0},
        NeedRow{"a limit of the whole pod replaces the sum",
                containers(container("a", R"("cpu":"1")", R"("cpu":"8")"), R"(,"resources":{"limits":{"cpu":"3"}})"),
                "{}", 3'000, 0},
        NeedRow{"a request of the whole pod only raises the sum",
                containers(container("a", "", ""), R"(,"resources":{"requests":{"cpu":"3"}})"), "{}", 3'000, 0},
        NeedRow{
            "during a resize downwards what is allocated still counts",
            containers(container("a", R"("cpu":"1")", R"("cpu":"1")")),
            R"({"containerStatuses":[{"name":"a","allocatedResources":{"cpu":"4"},"resources":{"limits":{"cpu":"2"}}}]})",
            4'000, 0},
        NeedRow{"during a resize upwards what is asked for counts", containers(container("a", R"("cpu":"6")", "")),
                R"({"containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"2"}}}]})", 6'000, 0},
        NeedRow{"a pod without resources", containers(R"({"name":"a"})"), "{}", 0, 0},
        NeedRow{"resources that are null", containers(R"({"name":"a","resources":null})", R"(,"overhead":null)"), "{}",
                0, 0},
        NeedRow{"a negative amount lowers nothing", containers(container("a", R"("cpu":"-5")", "")), "{}", 0, 0},
        NeedRow{"amounts as numbers", containers(container("a", R"("cpu":2,"nvidia.com/gpu":1)", "")), "{}", 2'000, 1},
        NeedRow{"absurd amounts do not wrap around",
                containers(container("a", R"("cpu":"9E")", "") + "," + container("b", R"("cpu":"9E")", "")), "{}",
                9'223'372'036'854'775'807, 0}),
    test::RowName());

struct BadRow {
  std::string name;
  std::string text;
  std::string message;
};
class BadPod : public testing::TestWithParam<BadRow> {};

TEST_P(BadPod, IsRefusedNamingTheField) {
  const auto pod = decode(GetParam().text);
  ASSERT_FALSE(pod.ok());
  EXPECT_EQ(pod.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadPod,
    testing::Values(
        BadRow{"without a name", R"({"metadata":{"namespace":"n"}})", "metadata.name: is required"},
        BadRow{"a cpu in words",
               pod_with(containers(container("a", "", "") + "," + container("b", "", R"("cpu":"1.5x")"))),
               "spec.containers[1].resources.limits.cpu: '1.5x' is not a quantity"},
        BadRow{"a priority beyond 32 bits", pod_with(R"({"priority":4294967296})"),
               "spec.priority: is no 32-bit integer"},
        BadRow{"a priority in quotes", pod_with(R"({"priority":"1"})"), "spec.priority: must be an integer"},
        BadRow{"a date in words", pod_with("{}", R"({"startTime":"yesterday"})"),
               "status.startTime: 'yesterday' is not an RFC 3339 time"},
        BadRow{
            "an unknown operator",
            pod_with(
                R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Near"}]}]}}}})"),
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]."
            "matchExpressions[0].operator: 'Near' is no selector operator"},
        BadRow{"containers that are an object", pod_with(R"({"containers":{}})"), "spec.containers: must be a list"},
        BadRow{"a condition that is a string", pod_with("{}", R"({"conditions":["Ready"]})"),
               "status.conditions[0]: must be an object"}),
    test::RowName());

// What follows is the parser library's wording, which differs between its versions.
TEST(DecodePod, NothingIsNotJson) {
  const auto pod = decode("");
  ASSERT_FALSE(pod);
  EXPECT_THAT(pod.error().message, testing::StartsWith("not JSON: "));
}

TEST(DecodePod, AnyCutOfARealPodIsRefusedAndNeverReadAsAnother) {
  const std::string whole = pod_with(containers(container("a", R"("cpu":"1")", "")), R"({"phase":"Running"})");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode(whole.substr(0, length)).ok()) << "cut at " << length;
  }
}

}  // namespace
}  // namespace headroom::kube
