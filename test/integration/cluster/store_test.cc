// The store on a whole API server: what is created, changed and deleted there shows in the snapshots.
#include "cluster/store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "demo/api_server.h"
#include "kube/config.h"
#include "runtime/system_clock.h"

namespace headroom::cluster {
namespace {

const std::string kCrds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const std::string kTopologies = "/apis/powercapping.example.com/v1alpha1/powertopologies";
const std::string kPolicies = "/apis/powercapping.example.com/v1alpha1/namespaces/team/powercappingpolicies";

std::string crd(const std::string& plural, const std::string& kind, const std::string& scope) {
  return R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":")" + plural +
         R"(.powercapping.example.com"},"spec":{"group":"powercapping.example.com","scope":")" + scope +
         R"(","names":{"plural":")" + plural + R"(","kind":")" + kind +
         R"("},"versions":[{"name":"v1alpha1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",)"
         R"("x-kubernetes-preserve-unknown-fields":true}},"subresources":{"status":{}}}]}})";
}

class Storing : public testing::Test {
 protected:
  Storing() {
    EXPECT_TRUE(server_.start().ok());
    call("POST", "/api/v1/namespaces", R"({"metadata":{"name":"team"}})");
    call("POST", "/api/v1/namespaces", R"({"metadata":{"name":"headroom-system"}})");
    client_ =
        std::make_unique<kube::ApiClient>(*kube::config_from_url(server_.url()), kube::ApiClientOptions(), clock_);
  }
  void install_crds() {
    call("POST", kCrds, crd("powertopologies", "PowerTopology", "Cluster"));
    call("POST", kCrds, crd("powercappingpolicies", "PowerCappingPolicy", "Namespaced"));
  }
  void call(const std::string& method, const std::string& path, const std::string& body = {}) {
    const auto reply = server_.call({method, path, body, "application/json", {}});
    EXPECT_LT(reply.status, 300) << method << " " << path << ": " << reply.body;
  }
  void create_node(const std::string& name) {
    call(
        "POST", "/api/v1/nodes",
        R"({"apiVersion":"v1","kind":"Node","metadata":{"name":")" + name + R"("},"status":{"capacity":{"cpu":"8"}}})");
  }
  void create_pod(const std::string& name, const std::string& node = "") {
    call("POST", "/api/v1/namespaces/team/pods",
         R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
             R"(","namespace":"team"},"spec":{"nodeName":")" + node +
             R"(","containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"500m"}}}]}})");
  }
  void create_topology(const std::string& name) {
    call("POST", kTopologies,
         R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerTopology","metadata":{"name":")" + name +
             R"("},"spec":{"elements":[{"name":"feed","type":"Feed","ratedWatts":9000}]}})");
  }
  void create_policy(const std::string& name, const std::string& watts) {
    call("POST", kPolicies,
         R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"PowerCappingPolicy","metadata":{"name":")" +
             name + R"(","namespace":"team"},"spec":{"powerCapLimit":)" + watts + "}}");
  }

  void start() {
    StoreEdges edges{*client_, nullptr, {}};
    edges.on_publish = [this] {
      const std::lock_guard lock(mutex_);
      ++publications_;
      published_.notify_all();
    };
    store_ = std::make_unique<Store>(StoreOptions{}, std::move(edges));
    store_->start();
  }
  using Condition = std::function<bool(const model::ClusterSnapshot&)>;
  // Waits until a snapshot is so; fails the test after 30 s.
  std::shared_ptr<const model::ClusterSnapshot> until(const Condition& condition) {
    std::unique_lock lock(mutex_);
    const bool came =
        published_.wait_for(lock, std::chrono::seconds(30), [&] { return condition(*store_->snapshot()); });
    EXPECT_TRUE(came) << "the snapshot never became what it should be";
    return store_->snapshot();
  }
  std::size_t publications() {
    const std::lock_guard lock(mutex_);
    return publications_;
  }

  runtime::SystemClock clock_;
  demo::ApiServer server_{demo::ApiServerOptions{}};
  std::unique_ptr<kube::ApiClient> client_;
  std::mutex mutex_;
  std::condition_variable published_;
  std::size_t publications_ = 0;
  std::unique_ptr<Store> store_;
};

TEST_F(Storing, BeginsEmptyAndUnsyncedWithTelemetryThatIsNotNull) {
  StoreEdges edges{*client_, nullptr, {}};
  const Store store({}, std::move(edges));
  ASSERT_NE(store.snapshot(), nullptr);
  EXPECT_FALSE(store.snapshot()->sync.complete());
  EXPECT_NE(store.snapshot()->telemetry, nullptr);
}

TEST_F(Storing, ShowsTheWholeClusterOnceEverythingIsListed) {
  install_crds();
  create_node("n2");
  create_node("n1");
  create_pod("p", "n1");
  create_topology("hall");
  create_policy("cap", "5000");
  start();
  const auto snapshot = until([](const auto& s) { return s.sync.complete(); });
  ASSERT_EQ(snapshot->nodes.size(), 2u);
  EXPECT_EQ(snapshot->nodes[0]->name, "n1");
  EXPECT_EQ(snapshot->nodes[0]->cpu_millis, 8'000);
  ASSERT_EQ(snapshot->pods.size(), 1u);
  EXPECT_EQ(snapshot->pods[0]->node_name, "n1");
  EXPECT_EQ(snapshot->pods[0]->cpu_millis, 500);
  ASSERT_EQ(snapshot->topologies.size(), 1u);
  ASSERT_EQ(snapshot->policies.size(), 1u);
  EXPECT_EQ(snapshot->policies[0]->power_cap_limit, base::watts(5'000));
  EXPECT_FALSE(snapshot->sync.crds_missing);
}

TEST_F(Storing, FollowsCreationsChangesAndDeletions) {
  install_crds();
  start();
  until([](const auto& s) { return s.sync.complete(); });
  create_node("n1");
  create_pod("p");
  const auto there = until([](const auto& s) { return s.nodes.size() == 1 && s.pods.size() == 1; });
  const std::string uid = there->pods[0]->uid;
  call("POST", "/api/v1/namespaces/team/pods/p/binding",
       R"({"apiVersion":"v1","kind":"Binding","metadata":{"name":"p"},"target":{"kind":"Node","name":"n1"}})");
  until([](const auto& s) { return s.pods.size() == 1 && s.pods[0]->node_name == "n1"; });
  call("DELETE", "/api/v1/namespaces/team/pods/p", R"({"gracePeriodSeconds":0})");
  call("DELETE", "/api/v1/nodes/n1");
  const auto gone = until([](const auto& s) { return s.pods.empty() && s.nodes.empty(); });
  EXPECT_EQ(gone->deleted_pods, (std::vector<std::string>{uid}));
  ASSERT_EQ(gone->deleted_nodes.size(), 1u);
  EXPECT_EQ(gone->deleted_nodes[0].node->name, "n1");
}

TEST_F(Storing, WhatWasDeletedWhileTheHistoryWasLostIsMissedByNobody) {
  install_crds();
  create_pod("stays");
  create_pod("goes");
  start();
  const auto before = until([](const auto& s) { return s.sync.complete() && s.pods.size() == 2; });
  call("DELETE", "/api/v1/namespaces/team/pods/goes", R"({"gracePeriodSeconds":0})");
  server_.compact();
  const auto after = until([&](const auto& s) { return s.pods.size() == 1; });
  EXPECT_EQ(after->pods[0]->name, "stays");
  EXPECT_EQ(after->deleted_pods.size(), 1u);
}

TEST_F(Storing, ACrdThatIsNotInstalledKeepsItUnsyncedUntilItIs) {
  start();
  const auto snapshot = until([](const auto& s) { return s.sync.nodes && s.sync.pods && s.sync.crds_missing; });
  EXPECT_FALSE(snapshot->sync.complete());
  install_crds();
  until([](const auto& s) { return s.sync.complete() && !s.sync.crds_missing; });
}

TEST_F(Storing, DeletingACrdKeepsItsObjectsAndRestoringItBelievesTheServerAgain) {
  install_crds();
  create_topology("hall");
  start();
  until([](const auto& s) { return s.sync.complete() && s.topologies.size() == 1; });
  call("DELETE", kCrds + "/powertopologies.powercapping.example.com");
  const auto missing = until([](const auto& s) { return s.sync.crds_missing; });
  EXPECT_EQ(missing->topologies.size(), 1u) << "nothing became unlimited";
  call("POST", kCrds, crd("powertopologies", "PowerTopology", "Cluster"));
  create_topology("hall-2");
  const auto back = until([](const auto& s) { return !s.sync.crds_missing && s.topologies.size() == 1; });
  until([](const auto& s) { return !s.topologies.empty() && s.topologies[0]->name == "hall-2"; });
  EXPECT_TRUE(back->sync.complete());
}

TEST_F(Storing, ABurstIsPublishedInFewSnapshots) {
  install_crds();
  start();
  until([](const auto& s) { return s.sync.complete(); });
  const std::size_t before = publications();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 300; ++i) create_pod("p" + std::to_string(i));
  until([](const auto& s) { return s.pods.size() == 300; });
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  EXPECT_LE(publications() - before, static_cast<std::size_t>(took.count() / 100 + 2));
}

TEST_F(Storing, NewTelemetryIsANewSnapshot) {
  install_crds();
  start();
  const auto before = until([](const auto& s) { return s.sync.complete(); });
  store_->telemetry_published();
  until([&](const auto& s) { return s.sequence > before->sequence; });
}

TEST_F(Storing, TellsWhereEachSourceStands) {
  install_crds();
  create_node("n1");
  start();
  until([](const auto& s) { return s.sync.complete() && s.nodes.size() == 1; });
  const auto sources = store_->sources();
  ASSERT_EQ(sources.size(), 8u);
  EXPECT_EQ(sources[0].name, "nodes");
  EXPECT_EQ(sources[0].objects, 1u);
  EXPECT_EQ(sources[0].status.state, kube::ReflectorState::synced);
  EXPECT_EQ(sources[3].name, "powertopologies.powercapping.example.com");
}

TEST_F(Storing, ShowsWhatDevicesClaimsAskForAndWhatTheyWereGranted) {
  const std::string group = "/apis/resource.k8s.io/v1/namespaces/team/";
  const std::string spec = R"({"devices":{"requests":[{"name":"g","exactly":{"deviceClassName":"gpu",)"
                           R"("allocationMode":"All"}}]}})";
  call("POST", group + "resourceclaimtemplates", R"({"metadata":{"name":"t"},"spec":{"spec":)" + spec + "}}");
  start();
  until([](const auto& s) { return s.device_claims && s.device_claims->templates.contains("team/t"); });
  call("POST", group + "resourceclaims", R"({"metadata":{"name":"c"},"spec":)" + spec + "}");
  const auto count = [](const model::ClusterSnapshot& snapshot) {
    const auto found = snapshot.device_claims->claims.find("team/c");
    return found == snapshot.device_claims->claims.end() ? -1 : found->second->requests[0][0].count.value_or(0);
  };
  until([&](const auto& s) { return count(s) == 0; });
  const auto allocated =
      server_.call({"PATCH",
                    group + "resourceclaims/c/status",
                    R"({"status":{"allocation":{"devices":{"results":[{"request":"g"},{"request":"g"}]}}}})",
                    "application/merge-patch+json",
                    {}});
  ASSERT_EQ(allocated.status, 200) << allocated.body;
  until([&](const auto& s) { return count(s) == 2; });
  call("DELETE", group + "resourceclaims/c");
  until([&](const auto& s) { return count(s) == -1; });
}

TEST_F(Storing, StoppingIsPromptAndMayBeRepeated) {
  install_crds();
  start();
  until([](const auto& s) { return s.sync.complete(); });
  const auto began = std::chrono::steady_clock::now();
  store_->stop();
  store_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
  EXPECT_TRUE(store_->snapshot()->sync.complete()) << "the last snapshot stays readable";
}

}  // namespace
}  // namespace headroom::cluster
