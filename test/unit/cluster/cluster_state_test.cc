#include "cluster/cluster_state.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "topology/parse_topology.h"

namespace headroom::cluster {
namespace {

using base::Seconds;
using base::WallTime;
using What = Change::What;

const WallTime kNow(Seconds(1'800'000'000));
const auto kTelemetry = std::make_shared<const model::TelemetrySnapshot>();

kube::ObjectEntry node(const std::string& name, const std::string& rack = "r1") {
  auto made = std::make_shared<model::Node>();
  made->name = name;
  made->labels["rack"] = rack;
  return {name, "u-" + name, std::shared_ptr<const model::Node>(made), ""};
}
kube::ObjectEntry raw(const std::string& key, const std::string& json) {
  auto made = std::make_shared<kube::RawObject>();
  made->json = json;
  return {key, "u", std::shared_ptr<const kube::RawObject>(made), ""};
}
kube::ObjectEntry policy(const std::string& name, const std::string& watts) {
  return raw("team/" + name, R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerCappingPolicy",)"
                             R"("metadata":{"name":")" +
                                 name + R"(","namespace":"team","uid":"u","generation":1},"spec":{"powerCapLimit":)" +
                                 watts + "}}");
}
std::string topology_json(const std::string& name) {
  return R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerTopology","metadata":{"name":")" + name +
         R"(","generation":1},"spec":{"elements":[{"name":"feed","type":"Feed","ratedWatts":10000},)"
         R"({"name":"r1","type":"Rack","ratedWatts":5000,"fedBy":[{"name":"feed"}]}]}})";
}

Change change(SourceKind kind, What what, std::vector<kube::ObjectEntry> entries) {
  return {kind, what, std::move(entries), {}};
}
Change status(SourceKind kind, kube::ReflectorState state) {
  return {kind, What::status, {}, {state, ""}};
}

TEST(ClusterState, IsCompleteOnlyWhenEveryKindHasBeenListed) {
  ClusterState state;
  EXPECT_FALSE(state.snapshot(kNow, kTelemetry)->sync.complete());
  for (const SourceKind kind : {SourceKind::nodes, SourceKind::pods, SourceKind::policies}) {
    state.apply(change(kind, What::replace, {}), kNow);
    EXPECT_FALSE(state.snapshot(kNow, kTelemetry)->sync.complete());
  }
  state.apply(change(SourceKind::topologies, What::replace, {}), kNow);
  EXPECT_TRUE(state.snapshot(kNow, kTelemetry)->sync.complete()) << "the ConfigMap and the caps are not waited for";
  EXPECT_FALSE(state.snapshot(kNow, kTelemetry)->sync.node_power_caps);
}

kube::ObjectEntry claim(const std::string& key, std::int64_t gpus) {
  auto made = std::make_shared<const model::DeviceClaim>(model::DeviceClaim{key, {{{"gpu", gpus}}}});
  return {key, "u", std::move(made), ""};
}

TEST(ClusterState, DeviceClaimsAreOneValueMadeAnewOnlyByAChange) {
  ClusterState state;
  EXPECT_EQ(state.snapshot(kNow, kTelemetry)->device_claims, nullptr) << "nobody has listed any";
  state.apply(change(SourceKind::resource_claims, What::replace, {claim("team/c", 1)}), kNow);
  state.apply(change(SourceKind::resource_claim_templates, What::replace, {claim("team/t", 2)}), kNow);
  const auto first = state.snapshot(kNow, kTelemetry)->device_claims;
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->claims.at("team/c")->requests[0][0].count, 1);
  EXPECT_EQ(first->templates.at("team/t")->requests[0][0].count, 2);
  EXPECT_FALSE(state.apply(change(SourceKind::resource_claims, What::update, {claim("team/c", 1)}), kNow));
  EXPECT_EQ(state.snapshot(kNow, kTelemetry)->device_claims, first);
  state.apply(change(SourceKind::resource_claims, What::update, {claim("team/c", 3)}), kNow);
  EXPECT_EQ(state.snapshot(kNow, kTelemetry)->device_claims->claims.at("team/c")->requests[0][0].count, 3);
  state.apply(change(SourceKind::resource_claims, What::update, {{"team/c", "u", {}, "spec: newer"}}), kNow);
  EXPECT_TRUE(state.snapshot(kNow, kTelemetry)->device_claims->claims.empty()) << "unreadable is unknown";
  state.apply(change(SourceKind::resource_claim_templates, What::remove, {claim("team/t", 2)}), kNow);
  EXPECT_TRUE(state.snapshot(kNow, kTelemetry)->device_claims->templates.empty());
}

TEST(ClusterState, EverySnapshotHasAHigherSequenceAndTheTelemetryItWasGiven) {
  ClusterState state;
  const auto first = state.snapshot(kNow, kTelemetry);
  const auto second = state.snapshot(kNow, kTelemetry);
  EXPECT_GT(second->sequence, first->sequence);
  EXPECT_EQ(second->telemetry, kTelemetry);
}

TEST(ClusterState, ObjectsAreSharedBetweenSnapshots) {
  ClusterState state;
  state.apply(change(SourceKind::nodes, What::replace, {node("a"), node("b")}), kNow);
  const auto first = state.snapshot(kNow, kTelemetry);
  state.apply(change(SourceKind::nodes, What::update, {node("b", "r2")}), kNow);
  const auto second = state.snapshot(kNow, kTelemetry);
  EXPECT_EQ(first->nodes[0], second->nodes[0]);
  EXPECT_EQ(first->nodes[1]->labels.at("rack"), "r1") << "a published snapshot never changes";
  EXPECT_EQ(second->nodes[1]->labels.at("rack"), "r2");
}

kube::ObjectEntry cap(const std::string& name, const std::string& spec) {
  return raw(name, R"({"metadata":{"name":")" + name + R"(","uid":"u"},"spec":)" + spec + "}");
}

TEST(ClusterState, NodePowerCapsAreMirroredAndOnesThatCannotBeReadAreNeverKeptAsTheyWere) {
  ClusterState state;
  state.apply(change(SourceKind::node_power_caps, What::replace,
                     {cap("b", R"({"epoch":1,"sequence":1,"budgetWatts":400})"),
                      cap("a", R"({"epoch":1,"sequence":2,"budgetWatts":500})")}),
              kNow);
  auto snapshot = state.snapshot(kNow, kTelemetry);
  EXPECT_TRUE(snapshot->sync.node_power_caps);
  ASSERT_EQ(snapshot->node_power_caps.size(), 2u);
  EXPECT_EQ(snapshot->node_power_caps[0]->name, "a");
  EXPECT_EQ(snapshot->node_power_caps[0]->spec.budget, base::watts(500));
  state.apply(change(SourceKind::node_power_caps, What::update, {cap("a", R"({"epoch":1})")}), kNow);
  snapshot = state.snapshot(kNow, kTelemetry);
  EXPECT_EQ(snapshot->node_power_caps.size(), 1u);
  ASSERT_EQ(snapshot->unreadable_node_power_caps.size(), 1u);
  EXPECT_NE(snapshot->unreadable_node_power_caps[0].error.find("spec.sequence"), std::string::npos);
}

TEST(ClusterState, AMissingCrdOfNodePowerCapsKeepsThemAndBlocksNothing) {
  ClusterState state;
  state.apply(change(SourceKind::node_power_caps, What::replace, {cap("a", R"({"epoch":1,"sequence":1})")}), kNow);
  state.apply(status(SourceKind::node_power_caps, kube::ReflectorState::resource_missing), kNow);
  const auto snapshot = state.snapshot(kNow, kTelemetry);
  EXPECT_TRUE(snapshot->sync.node_power_caps_missing);
  EXPECT_FALSE(snapshot->sync.crds_missing);
  EXPECT_EQ(snapshot->node_power_caps.size(), 1u);
}

TEST(ClusterState, AHeartbeatOfANodeChangesNothing) {
  ClusterState state;
  EXPECT_TRUE(state.apply(change(SourceKind::nodes, What::update, {node("a")}), kNow));
  EXPECT_FALSE(state.apply(change(SourceKind::nodes, What::update, {node("a")}), kNow));
  EXPECT_TRUE(state.apply(change(SourceKind::nodes, What::update, {node("a", "r2")}), kNow));
}

TEST(ClusterState, ADeletedNodeStaysForFifteenMinutes) {
  ClusterState state;
  state.apply(change(SourceKind::nodes, What::replace, {node("a"), node("b")}), kNow);
  state.apply(change(SourceKind::nodes, What::remove, {node("a")}), kNow);
  const auto at_once = state.snapshot(kNow, kTelemetry);
  ASSERT_EQ(at_once->deleted_nodes.size(), 1u);
  EXPECT_EQ(at_once->deleted_nodes[0].node->name, "a");
  EXPECT_EQ(at_once->deleted_nodes[0].deleted_at, kNow);
  EXPECT_EQ(state.next_expiry(), kNow + Seconds(900));
  EXPECT_EQ(state.snapshot(kNow + Seconds(899), kTelemetry)->deleted_nodes.size(), 1u);
  EXPECT_TRUE(state.snapshot(kNow + Seconds(900), kTelemetry)->deleted_nodes.empty());
  EXPECT_EQ(state.next_expiry(), WallTime::max());
}

TEST(ClusterState, ANodeMissingFromANewListWasDeletedUnseen) {
  ClusterState state;
  state.apply(change(SourceKind::nodes, What::replace, {node("a"), node("b")}), kNow);
  state.apply(change(SourceKind::nodes, What::replace, {node("b")}), kNow + Seconds(5));
  const auto snapshot = state.snapshot(kNow + Seconds(5), kTelemetry);
  EXPECT_EQ(snapshot->nodes.size(), 1u);
  ASSERT_EQ(snapshot->deleted_nodes.size(), 1u);
  EXPECT_EQ(snapshot->deleted_nodes[0].deleted_at, kNow + Seconds(5));
}

TEST(ClusterState, ANodeThatReturnsIsNoLongerDeleted) {
  ClusterState state;
  state.apply(change(SourceKind::nodes, What::update, {node("a")}), kNow);
  state.apply(change(SourceKind::nodes, What::remove, {node("a")}), kNow);
  state.apply(change(SourceKind::nodes, What::update, {node("a")}), kNow);
  EXPECT_TRUE(state.snapshot(kNow, kTelemetry)->deleted_nodes.empty());
}

TEST(ClusterState, ANodeThatCannotBeReadKeepsItsLastVersionAndIsReported) {
  ClusterState state;
  state.apply(change(SourceKind::nodes, What::update, {node("a")}), kNow);
  state.apply(change(SourceKind::nodes, What::update, {{"a", "u-a", {}, "status: must be an object"}}), kNow);
  const auto snapshot = state.snapshot(kNow, kTelemetry);
  EXPECT_EQ(snapshot->nodes.size(), 1u);
  ASSERT_EQ(snapshot->unreadable_nodes.size(), 1u);
  EXPECT_EQ(snapshot->unreadable_nodes[0].error, "status: must be an object");
}

TEST(ClusterState, APolicyThatCannotBeReadIsReportedAndNeverKeptAsItWas) {
  ClusterState state;
  state.apply(change(SourceKind::policies, What::replace, {policy("good", "5000"), policy("bad", "5000")}), kNow);
  ASSERT_EQ(state.snapshot(kNow, kTelemetry)->policies.size(), 2u);
  state.apply(change(SourceKind::policies, What::update, {policy("bad", "\"many\"")}), kNow);
  const auto snapshot = state.snapshot(kNow, kTelemetry);
  ASSERT_EQ(snapshot->policies.size(), 1u);
  EXPECT_EQ(snapshot->policies[0]->name, "good");
  ASSERT_EQ(snapshot->unreadable_policies.size(), 1u);
  EXPECT_EQ(snapshot->unreadable_policies[0].name, "team/bad");
  EXPECT_NE(snapshot->unreadable_policies[0].error.find("spec.powerCapLimit"), std::string::npos);
}

TEST(ClusterState, AMissingCrdIsSaidAndItsObjectsStay) {
  ClusterState state;
  state.apply(change(SourceKind::topologies, What::replace, {raw("t", topology_json("t"))}), kNow);
  ASSERT_EQ(state.snapshot(kNow, kTelemetry)->topologies.size(), 1u);
  state.apply(status(SourceKind::topologies, kube::ReflectorState::resource_missing), kNow);
  const auto gone = state.snapshot(kNow, kTelemetry);
  EXPECT_TRUE(gone->sync.crds_missing);
  EXPECT_EQ(gone->topologies.size(), 1u);
  state.apply(status(SourceKind::topologies, kube::ReflectorState::synced), kNow);
  EXPECT_FALSE(state.snapshot(kNow, kTelemetry)->sync.crds_missing);
}

TEST(ClusterState, LastValidTopologiesComeFromTheConfigMapAndJunkInItIsLeftOut) {
  ClusterState state;
  const auto parsed = topology::parse_topology(topology_json("hall"));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  auto map = std::make_shared<kube::ConfigMap>();
  map->data["hall"] = topology::print_topology(*parsed);
  map->data["junk"] = "{";
  const kube::ObjectEntry entry{"headroom-system/m", "u", std::shared_ptr<const kube::ConfigMap>(map), ""};
  state.apply(change(SourceKind::last_valid, What::replace, {entry}), kNow);
  const auto snapshot = state.snapshot(kNow, kTelemetry);
  ASSERT_EQ(snapshot->last_valid_topologies.size(), 1u);
  EXPECT_EQ(snapshot->last_valid_topologies[0]->name, "hall");
  state.apply(change(SourceKind::last_valid, What::replace, {}), kNow);
  EXPECT_TRUE(state.snapshot(kNow, kTelemetry)->last_valid_topologies.empty());
}

}  // namespace
}  // namespace headroom::cluster
