// The whole extender in this process, over real HTTP: recorded kube-scheduler bodies in, answers out. Snapshots are
// built by hand; bindings and conditions end in fakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "extender/app.h"
#include "runtime/http_client.h"
#include "runtime/system_clock.h"
#include "test/support/cluster_builder.h"
#include "test/unit/extender/extender_fakes.h"
#include "test/unit/extender/wire_bodies.h"

namespace headroom {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class ExtenderApp : public testing::Test {
 protected:
  void SetUp() override {
    extender::Config config;
    config.verbs.port = config.bind_verb.port = config.health.port = 0;
    config.health.address = "127.0.0.1";
    config.decision_interval = base::Milliseconds(50);
    config.telemetry_warmup = base::Milliseconds(0);
    app_ = std::make_unique<extender::App>(
        config, extender::Edges{clock_, snapshots_, binder_, conditions_, lease_, metrics_, "host"});
    auto ports = app_->start();
    ASSERT_TRUE(ports.ok()) << ports.error().message;
    ports_ = *ports;
  }
  void TearDown() override { app_.reset(); }

  // The recorded requests' three nodes, each in its rack; 900 W of pods stand on node-00000, whose rack takes 1 kW.
  void publish_three_nodes() {
    cluster_.topology(test::Topology()
                          .feed("f", 100'000)
                          .rack("full", 1'000, "f")
                          .rack("r1", 12'000, "f")
                          .rack("r2", 10'000, "f")
                          .node_class(100, {}));
    cluster_.node("node-00000", "full");
    cluster_.node("node-00001", "r1");
    cluster_.node("node-00002", "r2");
    cluster_.pod("old").on("node-00000").watts(850);
    cluster_.pod("p").watts(300);
    publish();
  }
  void publish() {
    snapshots_.publish(cluster_.snapshot());
    app_->snapshot_published();
    await_ready();
  }
  // Until the books of the newest snapshot are published.
  void await_ready() {
    const std::uint64_t wanted = snapshots_.load()->sequence;
    for (;;) {
      const auto page = get(ports_.verbs, "/debug/snapshot");
      const json body = json::parse(page.body);
      if (body.value("ready", false) && body["snapshotSequence"] >= wanted) return;
      if (HasFailure()) return;
    }
  }

  runtime::HttpResponse send(std::uint16_t port, runtime::HttpRequest request) {
    runtime::HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    runtime::HttpClient client(options);
    auto reply = client.send(request);
    EXPECT_TRUE(reply.ok()) << (reply.ok() ? "" : reply.error().message);
    return reply.ok() ? *reply : runtime::HttpResponse{};
  }
  runtime::HttpResponse get(std::uint16_t port, const std::string& path, runtime::QueryParameters query = {}) {
    runtime::HttpRequest request;
    request.path = path;
    request.query = std::move(query);
    return send(port, std::move(request));
  }
  runtime::HttpResponse post_raw(std::uint16_t port, const std::string& verb, std::string body) {
    runtime::HttpRequest request;
    request.method = "POST";
    request.path = "/" + verb;
    request.headers.emplace("Content-Type", "application/json");
    request.body = std::move(body);
    return send(port, std::move(request));
  }
  json post(const std::string& verb, std::string body) {
    const auto reply = post_raw(ports_.verbs, verb, std::move(body));
    EXPECT_EQ(reply.status, 200);
    return json::parse(reply.body);
  }

  runtime::SystemClock clock_;
  test::ClusterBuilder cluster_{};
  base::Published<model::ClusterSnapshot> snapshots_;
  test::FakeBinder binder_;
  test::FakeConditions conditions_;
  test::FakeLease lease_;
  runtime::MetricsRegistry metrics_;
  extender::Ports ports_;
  std::unique_ptr<extender::App> app_;
};

TEST_F(ExtenderApp, BeforeTheFirstListNothingIsAccepted) {
  const auto ready = get(ports_.health, "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, StartsWith("NotSynced"));
  EXPECT_EQ(get(ports_.health, "/livez").status, 200);
  EXPECT_THAT(post("filter", test::recorded("filter.cache-true.3nodes.json"))["Error"].get<std::string>(),
              StartsWith("NotSynced"));
  EXPECT_EQ(post("prioritize", test::recorded("filter.cache-true.3nodes.json")), json::array());
  EXPECT_EQ(post("preempt", test::recorded("preempt.cache-true.json")),
            json({{"NodeNameToMetaVictims", json::object()}}));
  EXPECT_THAT(post("bind", test::recorded("bind.json"))["Error"].get<std::string>(), StartsWith("NotSynced"));
}

TEST_F(ExtenderApp, MissingCrdsAreNamed) {
  cluster_.raw().sync = {.nodes = true, .pods = true, .policies = false, .topologies = false, .crds_missing = true};
  snapshots_.publish(cluster_.snapshot());
  app_->snapshot_published();
  const auto ready = get(ports_.health, "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, StartsWith("CRDsMissing"));
}

// The recorded pod claims a device (DRA). What it is, nobody knows here: it counts all that a pod may draw.
TEST_F(ExtenderApp, ARecordedPodWhoseClaimIsNotKnownFitsNowhere) {
  publish_three_nodes();
  const json reply = post("filter", test::recorded("filter.cache-true.3nodes.json"));
  EXPECT_EQ(reply["NodeNames"], json::array());
  EXPECT_EQ(reply["FailedAndUnresolvableNodes"].size(), 3);
}

TEST_F(ExtenderApp, RecordedFilterGivesTheSameDecisionInBothForms) {
  model::DeviceClaims claims;
  claims.claims["default/rc-true"] =
      std::make_shared<const model::DeviceClaim>(model::DeviceClaim{"default/rc-true", {{{"nic.example.com", 1}}}});
  claims.claims["default/rc-false"] = claims.claims["default/rc-true"];
  cluster_.raw().device_claims = std::make_shared<const model::DeviceClaims>(std::move(claims));
  publish_three_nodes();
  const json names = post("filter", test::recorded("filter.cache-true.3nodes.json"));
  EXPECT_EQ(names["Error"], "");
  EXPECT_EQ(names["FailedNodes"], json::object());
  EXPECT_TRUE(names["FailedAndUnresolvableNodes"].contains("node-00000"));
  EXPECT_EQ(std::set<std::string>(names["NodeNames"].begin(), names["NodeNames"].end()),
            (std::set<std::string>{"node-00001", "node-00002"}));
  const json objects = post("filter", test::recorded("filter.cache-false.3nodes.json"));
  EXPECT_EQ(objects["FailedAndUnresolvableNodes"], names["FailedAndUnresolvableNodes"]);
  EXPECT_TRUE(objects["NodeNames"].is_null());
  std::set<std::string> passed;
  for (const json& node : objects["Nodes"]["items"]) passed.insert(node["metadata"]["name"]);
  EXPECT_EQ(passed, (std::set<std::string>{"node-00001", "node-00002"}));
}

TEST_F(ExtenderApp, PrioritizeAnswersEveryNodeWithinRange) {
  publish_three_nodes();
  const json scores = post("prioritize", test::recorded("filter.cache-true.3nodes.json"));
  ASSERT_EQ(scores.size(), 3u);
  for (const json& score : scores) {
    EXPECT_GE(score["Score"], 0);
    EXPECT_LE(score["Score"], 10);
  }
}

TEST_F(ExtenderApp, PreemptKeepsOnlyNodesWithRoomWhileTheVictimsStand) {
  publish_three_nodes();
  for (const char* file : {"preempt.cache-true.json", "preempt.cache-false.json"}) {
    const json reply = post("preempt", test::recorded(file));
    EXPECT_FALSE(reply["NodeNameToMetaVictims"].contains("node-00000")) << file;
    EXPECT_EQ(reply["NodeNameToMetaVictims"].size(), 2u) << file;
  }
}

TEST_F(ExtenderApp, EveryVerbPortAnswersEveryVerbAndTheHealthPortNone) {
  publish_three_nodes();
  const std::string body = R"({"PodName":"p","PodNamespace":"default","PodUID":"uid-p","Node":"node-00001"})";
  EXPECT_EQ(post_raw(ports_.bind, "filter", test::recorded("filter.cache-true.3nodes.json")).status, 200);
  EXPECT_EQ(post_raw(ports_.verbs, "bind", body).body, R"({"Error":""})");
  EXPECT_EQ(post_raw(ports_.health, "filter", body).status, 404);
  EXPECT_EQ(get(ports_.health, "/explain").status, 404);
  EXPECT_EQ(get(ports_.health, "/debug/snapshot").status, 404);
}

TEST_F(ExtenderApp, BadBodiesHaveTheirAnswers) {
  publish_three_nodes();
  for (const char* body : {"", "[]", "{\"Pod\":null,\"NodeNames\":[]}", "garbage"}) {
    EXPECT_THAT(post("filter", body)["Error"].get<std::string>(), StartsWith("bad request: ")) << body;
    EXPECT_EQ(post("prioritize", body), json::array()) << body;
    EXPECT_EQ(post("preempt", body)["NodeNameToMetaVictims"], json::object()) << body;
    EXPECT_THAT(post("bind", body)["Error"].get<std::string>(), StartsWith("bad request: ")) << body;
  }
}

TEST_F(ExtenderApp, FiftyMegabytesOfNodesAreAnswered) {
  publish_three_nodes();
  std::string body = R"({"Pod":{"metadata":{"name":"p"}},"Nodes":{"items":[)";
  const std::string filler(9'000, 'x');
  for (int i = 0; i < 5'500; ++i) {
    body += (i == 0 ? "" : ",");
    body += R"({"metadata":{"name":"node-)" + std::to_string(i) + R"("},"status":{"x":")" + filler + R"("}})";
  }
  body += "]}}";
  ASSERT_GT(body.size(), 49'000'000u);
  const auto reply = post_raw(ports_.verbs, "filter", body);
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(json::parse(reply.body)["Error"], "");
}

TEST_F(ExtenderApp, BindReservesAndShowsUpInTheDebugPageUntilTheWatchSeesIt) {
  publish_three_nodes();
  EXPECT_EQ(post("bind", R"({"PodName":"p","PodNamespace":"default","PodUID":"uid-p","Node":"node-00001"})")["Error"],
            "");
  json page = json::parse(get(ports_.verbs, "/debug/snapshot").body);
  ASSERT_EQ(page["ledger"].size(), 1u);
  EXPECT_EQ(page["ledger"][0]["watts"], 300);
  const auto rack = [&](const char* name) {
    for (const json& row : page["racks"]) {
      if (row["name"] == name) return row;
    }
    return json();
  };
  EXPECT_EQ(rack("r1")["inFlightWatts"], 300);
  EXPECT_EQ(rack("r1")["headroomWatts"], 12'000 - 100 - 300);
  cluster_.pod("p").on("node-00001");
  publish();
  page = json::parse(get(ports_.verbs, "/debug/snapshot").body);
  EXPECT_EQ(rack("r1")["bookedWatts"], 400);
  EXPECT_EQ(rack("r1")["inFlightWatts"], 0);
}

TEST_F(ExtenderApp, ExplainNamesLimitAndWatts) {
  publish_three_nodes();
  const auto one = get(ports_.verbs, "/explain", {{"pod", "default/p"}, {"node", "node-00000"}});
  ASSERT_EQ(one.status, 200);
  const json node = json::parse(one.body)["nodes"][0];
  EXPECT_EQ(node["rack"], "full");
  EXPECT_EQ(node["outcome"], "refused for now");
  EXPECT_EQ(node["estimateWatts"], 300);
  EXPECT_FALSE(node["limits"].empty());
  EXPECT_EQ(json::parse(get(ports_.verbs, "/explain", {{"pod", "uid-p"}}).body)["nodes"].size(), 3u);
  EXPECT_EQ(get(ports_.verbs, "/explain").status, 400);
  EXPECT_EQ(get(ports_.verbs, "/explain", {{"pod", "default/nobody"}}).status, 404);
}

TEST_F(ExtenderApp, AWaitingPodIsToldWhyAndWokenWhenThereIsRoom) {
  publish_three_nodes();
  cluster_.pod("p").watts(100'000).pod.unschedulable = true;
  publish();
  const auto await_writes = [&](std::size_t count) {
    while (conditions_.written().size() < count) await_ready();
  };
  await_writes(1);
  EXPECT_EQ(conditions_.written()[0].condition.status, kube::ConditionStatus::is_false);
  cluster_.pod("p").watts(300);
  publish();
  await_writes(2);
  EXPECT_EQ(conditions_.written()[1].condition.status, kube::ConditionStatus::is_true);
}

// docs/metrics.md has a row for each metric and no other.
TEST_F(ExtenderApp, DocumentationListsExactlyTheMetrics) {
  cluster_.policy(test::policy("pol", 1'000));
  cluster_.rack_inlet("r1", 20);
  cluster_.telemetry().sources.push_back({});
  publish_three_nodes();
  (void)post("filter", test::recorded("filter.cache-true.3nodes.json"));
  const auto scrape = get(ports_.health, "/metrics");
  EXPECT_THAT(scrape.content_type, HasSubstr("version=0.0.4"));
  std::set<std::string> exposed;
  std::istringstream lines(scrape.body);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("# TYPE ", 0) != 0) continue;
    const std::string name = line.substr(7, line.find(' ', 7) - 7);
    if (name.rfind("headroom_", 0) == 0) exposed.insert(name);
  }
  std::set<std::string> documented;
  std::ifstream file("docs/metrics.md");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| `headroom_", 0) == 0) documented.insert(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_EQ(exposed, documented);
}

}  // namespace
}  // namespace headroom
