// Bindings, conditions, patches and server-side apply.
#include <gmock/gmock.h>

#include <map>
#include <string>

#include "kube/bind.h"
#include "kube/config_map.h"
#include "kube/pod_condition.h"
#include "kube/resource.h"
#include "test/conformance/target.h"

namespace headroom::conformance {
namespace {

using kube::BindOutcome;
using nlohmann::json;

class Writing : public ApiServer {
 protected:
  kube::BindRequest binding(const json& pod, const std::string& node) {
    return {ns(),
            pod["metadata"]["name"],
            pod["metadata"]["uid"],
            node,
            {{"powercapping.example.com/decision", R"({"estimatedWatts":10})"}}};
  }
  kube::PodRef ref(const json& pod) { return {ns(), pod["metadata"]["name"], pod["metadata"]["uid"]}; }
  std::string status_path(const std::string& topology) {
    return kube::resources::topologies().object_path(topology, "status");
  }
  static std::string status_body(const std::string& topology, std::int64_t generation) {
    return json{{"apiVersion", "powercapping.example.com/v1alpha1"},
                {"kind", "PowerTopology"},
                {"metadata", {{"name", topology}}},
                {"status", {{"observedGeneration", generation}}}}
        .dump();
  }
};

TEST_F(Writing, a_binding_binds_the_pod_and_writes_its_annotations) {
  create_node(unique("node"));
  const json pod = create_pod("p");
  EXPECT_EQ(kube::bind_pod(client(), binding(pod, unique("node"))).outcome, BindOutcome::bound);
  const json bound = get(pod_path("p"));
  EXPECT_EQ(bound["spec"]["nodeName"], unique("node"));
  EXPECT_EQ(bound["metadata"]["annotations"]["powercapping.example.com/decision"], R"({"estimatedWatts":10})");
}

TEST_F(Writing, a_second_binding_is_told_where_the_pod_is) {
  create_node(unique("one"));
  create_node(unique("two"));
  const json pod = create_pod("p");
  ASSERT_EQ(kube::bind_pod(client(), binding(pod, unique("one"))).outcome, BindOutcome::bound);
  const kube::BindReply again = kube::bind_pod(client(), binding(pod, unique("two")));
  EXPECT_EQ(again.outcome, BindOutcome::already_assigned) << again.message;
  EXPECT_EQ(again.assigned_node, unique("one")) << again.message;
  EXPECT_EQ(get(pod_path("p"))["spec"]["nodeName"], unique("one"));
}

TEST_F(Writing, a_binding_with_another_pods_uid_changes_nothing) {
  create_node(unique("node"));
  json pod = create_pod("p");
  pod["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000";
  const kube::BindReply reply = kube::bind_pod(client(), binding(pod, unique("node")));
  EXPECT_EQ(reply.outcome, BindOutcome::uid_mismatch) << reply.message;
  EXPECT_FALSE(get(pod_path("p"))["spec"].contains("nodeName"));
}

TEST_F(Writing, a_binding_of_a_pod_that_is_gone_says_so) {
  create_node(unique("node"));
  const json pod = create_pod("p");
  ASSERT_TRUE(client().remove(pod_path("p"), R"({"gracePeriodSeconds":0})"));
  ASSERT_TRUE(eventually([&] { return !client().get(pod_path("p")); }));
  EXPECT_EQ(kube::bind_pod(client(), binding(pod, unique("node"))).outcome, BindOutcome::gone);
}

TEST_F(Writing, a_condition_is_set_and_changed_beside_the_others) {
  const json pod = create_pod("p");
  ASSERT_TRUE(client().patch({pod_path("p") + "/status", kube::PatchKind::strategic,
                              R"({"status":{"conditions":[{"type":"Other","status":"True"}]}})"}));
  const std::string type = "powercapping.example.com/Headroom";
  for (const auto& [status, text] :
       {std::pair{kube::ConditionStatus::is_false, "False"}, {kube::ConditionStatus::is_true, "True"}}) {
    const auto written =
        kube::patch_pod_condition(client(), ref(pod), {type, status, "PowerLimit", "no room", base::WallTime()});
    ASSERT_TRUE(written) << written.error().message;
    std::map<std::string, std::string> conditions;
    const json found = get(pod_path("p"));
    for (const json& condition : found["status"]["conditions"]) conditions[condition["type"]] = condition["status"];
    EXPECT_EQ(conditions[type], text);
    EXPECT_EQ(conditions["Other"], "True");
  }
}

TEST_F(Writing, a_condition_for_another_pods_uid_is_a_conflict_and_for_no_pod_not_found) {
  json pod = create_pod("p");
  const kube::PodCondition condition{"powercapping.example.com/Headroom", kube::ConditionStatus::is_false, "X", "",
                                     base::WallTime()};
  pod["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000";
  const auto wrong = kube::patch_pod_condition(client(), ref(pod), condition);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, base::ErrorKind::conflict) << wrong.error().message;
  const auto none = kube::patch_pod_condition(client(), {ns(), "nobody", ""}, condition);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, base::ErrorKind::not_found) << none.error().message;
}

TEST_F(Writing, applied_data_of_a_config_map_is_created_changed_and_removed) {
  for (const auto& data : {std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}, {{"b", "3"}}}) {
    const auto applied = kube::apply_config_map(client(), {ns(), "stored", data}, "conformance");
    ASSERT_TRUE(applied) << applied.error().message;
    const auto read = kube::get_config_map(client(), ns(), "stored");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->data, data);
  }
}

TEST_F(Writing, status_and_spec_of_a_custom_resource_are_written_apart) {
  const std::string name = unique("topology");
  const json before = create_topology(name);
  const auto status = client().patch({status_path(name), kube::PatchKind::apply, status_body(name, 1), "writer", true});
  ASSERT_TRUE(status) << status.error().message;
  json after = get(kube::resources::topologies().object_path(name));
  EXPECT_EQ(after["status"]["observedGeneration"], 1);
  EXPECT_EQ(after["spec"], before["spec"]);
  EXPECT_EQ(after["metadata"]["generation"], before["metadata"]["generation"]) << "a status write is no new generation";
  ASSERT_TRUE(client().patch({kube::resources::topologies().object_path(name), kube::PatchKind::merge,
                              R"({"spec":{"mode":"Recommend"},"status":{"observedGeneration":7}})"}));
  after = get(kube::resources::topologies().object_path(name));
  EXPECT_EQ(after["spec"]["mode"], "Recommend");
  EXPECT_EQ(after["status"]["observedGeneration"], 1) << "only the status subresource writes status";
  EXPECT_GT(after["metadata"]["generation"], before["metadata"]["generation"]);
  EXPECT_TRUE(client().remove(kube::resources::topologies().object_path(name)));
}

TEST_F(Writing, applying_a_field_of_another_manager_is_a_conflict_unless_forced) {
  const std::string name = unique("topology");
  create_topology(name);
  ASSERT_TRUE(client().patch({status_path(name), kube::PatchKind::apply, status_body(name, 1), "first", false}));
  const auto refused =
      client().patch({status_path(name), kube::PatchKind::apply, status_body(name, 2), "second", false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::conflict) << refused.error().message;
  EXPECT_TRUE(client().patch({status_path(name), kube::PatchKind::apply, status_body(name, 2), "second", true}));
  EXPECT_EQ(get(kube::resources::topologies().object_path(name))["status"]["observedGeneration"], 2);
  EXPECT_TRUE(client().remove(kube::resources::topologies().object_path(name)));
}

TEST_F(Writing, a_merge_patch_with_an_old_version_is_a_conflict) {
  const json node = create_node(unique("node"));
  ASSERT_TRUE(
      client().patch({node_path(unique("node")), kube::PatchKind::merge, R"({"metadata":{"labels":{"x":"1"}}})"}));
  const json late{{"metadata", {{"resourceVersion", node["metadata"]["resourceVersion"]}, {"labels", {{"x", "2"}}}}}};
  const auto reply = client().patch({node_path(unique("node")), kube::PatchKind::merge, late.dump()});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, base::ErrorKind::conflict) << reply.error().message;
}

TEST_F(Writing, creating_what_exists_is_a_conflict) {
  create_node(unique("node"));
  const auto again = client().post("/api/v1/nodes", json{{"metadata", {{"name", unique("node")}}}}.dump());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, base::ErrorKind::conflict) << again.error().message;
}

}  // namespace
}  // namespace headroom::conformance
