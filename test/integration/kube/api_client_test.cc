#include "kube/api_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/manual_clock.h"
#include "kube/config_map.h"
#include "kube/election.h"
#include "kube/endpoint_slice.h"
#include "kube/events.h"
#include "kube/pod_condition.h"
#include "kube/resource.h"
#include "runtime/system_clock.h"
#include "test/integration/kube/scripted_server.h"
#include "test/support/temporary_directory.h"

namespace headroom::kube {
namespace {

using base::Seconds;
using test::After;
using test::reply;
using test::Step;

class Calling : public testing::Test {
 protected:
  ClientConfig config() { return *config_from_url(server_.url()); }

  test::ScriptedServer server_;
  base::ManualClock clock_;
  ApiClient client_{config(), {}, clock_};
};

TEST_F(Calling, AnErrorNamesTheRequestAndWhatTheServerSaid) {
  server_.on_other(reply(403, R"({"kind":"Status","message":"pods is forbidden","reason":"Forbidden","code":403})"));
  const auto body = client_.get("/api/v1/pods");
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().kind, base::ErrorKind::denied);
  EXPECT_EQ(body.error().message, "GET /api/v1/pods: 403 Forbidden: pods is forbidden");
}

TEST_F(Calling, ABusyServerIsAskedAgainAfterTheTimeItNames) {
  Step busy = reply(429, "{}");
  busy.headers.emplace_back("Retry-After", "3");
  server_.on_other(busy);
  server_.on_other(reply(200, "{}"));
  std::jthread caller([&] { EXPECT_TRUE(client_.post("/api/v1/x", "{}").ok()); });
  clock_.await_waiters(1);
  EXPECT_EQ(server_.requests(), 1u);
  clock_.advance(Seconds(3));
  caller.join();
  EXPECT_EQ(server_.requests(), 2u);
}

TEST_F(Calling, PatienceEndsWithTheCallsOwnTime) {
  Step busy = reply(503, "{}");
  busy.headers.emplace_back("Retry-After", "60");
  server_.on_other(busy);
  const auto body = client_.get("/x");
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().kind, base::ErrorKind::unavailable);
  EXPECT_EQ(server_.requests(), 1u);
}

TEST_F(Calling, WhatMayHaveBeenExecutedIsNotRepeated) {
  server_.on_other(reply(500, "{}"));
  EXPECT_FALSE(client_.post("/x", "{}").ok());
  server_.on_other(reply(503, "{}"));
  EXPECT_FALSE(client_.post("/x", "{}").ok());
  Step cut = reply(200, "a body that never comes whole");
  cut.after = After::cut;
  server_.on_other(cut);
  EXPECT_FALSE(client_.post("/x", "{}").ok());
  EXPECT_EQ(server_.requests(), 3u);
}

TEST_F(Calling, ConnectionsAreUsedAgain) {
  for (int i = 0; i < 3; ++i) server_.on_other(reply(200, "{}"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client_.get("/x").ok());
  EXPECT_EQ(server_.connections(), 1u);
}

TEST_F(Calling, ManyThreadsMayCallAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kCalls = 10;
  for (int i = 0; i < kThreads * kCalls; ++i) server_.on_other(reply(200, "{}"));
  std::atomic<int> answered{0};
  {
    std::vector<std::jthread> callers;
    for (int t = 0; t < kThreads; ++t) {
      callers.emplace_back([&] {
        for (int i = 0; i < kCalls; ++i) answered += client_.get("/x").ok() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(answered, kThreads * kCalls);
  EXPECT_LE(server_.connections(), static_cast<std::size_t>(kThreads));
}

TEST_F(Calling, NamesFromOutsideCannotLeaveTheirPlaceInThePath) {
  EXPECT_EQ(resources::pods("a/b").object_path("../../x?y", "binding"),
            "/api/v1/namespaces/a%2Fb/pods/..%2F..%2Fx%3Fy/binding");
}

TEST_F(Calling, ATokenThatRotatedIsReadAgainAt401AndTheRequestRepeatedOnce) {
  const test::TemporaryDirectory folder;
  ClientConfig config = this->config();
  config.token_file = folder.write("token", "old\n");
  ApiClient client(config, {}, clock_);
  folder.write("token", "new\n");
  server_.on_other(reply(401, "{}"));
  server_.on_other(reply(200, "{}"));
  EXPECT_TRUE(client.get("/x").ok());
  EXPECT_EQ(server_.request(0).headers.at("authorization"), "Bearer old");
  EXPECT_EQ(server_.request(1).headers.at("authorization"), "Bearer new");
}

TEST_F(Calling, ATokenThatIsStillTheSameIsNotSentTwice) {
  ClientConfig config = this->config();
  config.token = "fixed";
  ApiClient client(config, {}, clock_);
  server_.on_other(reply(401, "{}"));
  const auto body = client.get("/x");
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().kind, base::ErrorKind::denied);
  EXPECT_EQ(server_.requests(), 1u);
}

TEST_F(Calling, BasicAuthenticationAndTheServersOwnPathAreSent) {
  ClientConfig config = *config_from_url(server_.url() + "/k8s/c-1/");
  config.basic = "me:secret";
  ApiClient client(config, {}, clock_);
  server_.on_other(reply(200, "{}"));
  EXPECT_TRUE(client.get("/api/v1/x").ok());
  EXPECT_EQ(server_.request(0).target, "/k8s/c-1/api/v1/x");
  EXPECT_EQ(server_.request(0).headers.at("authorization"), "Basic bWU6c2VjcmV0");
}

TEST_F(Calling, CancellingEndsACallThatHangs) {
  Step hang = reply(200, "half of this");
  hang.after = After::hang;
  server_.on_other(hang);
  std::jthread caller([&] { EXPECT_FALSE(client_.get("/x").ok()); });
  static_cast<void>(server_.request(0));
  client_.cancel();
  caller.join();
  EXPECT_FALSE(client_.get("/x").ok()) << "later calls fail";
  EXPECT_EQ(server_.requests(), 1u);
}

TEST_F(Calling, EachKindOfPatchHasItsContentType) {
  server_.on_other(reply(200, "{}"));
  server_.on_other(reply(200, "{}"));
  server_.on_other(reply(200, "{}"));
  PatchRequest patch;
  patch.path = "/x";
  patch.body = "{}";
  EXPECT_TRUE(client_.patch(patch).ok());
  patch.kind = PatchKind::strategic;
  EXPECT_TRUE(client_.patch(patch).ok());
  patch.kind = PatchKind::apply;
  patch.field_manager = "headroom-controller";
  patch.force = true;
  EXPECT_TRUE(client_.patch(patch).ok());
  EXPECT_EQ(server_.request(0).headers.at("content-type"), "application/merge-patch+json");
  EXPECT_EQ(server_.request(1).headers.at("content-type"), "application/strategic-merge-patch+json");
  EXPECT_EQ(server_.request(2).headers.at("content-type"), "application/apply-patch+yaml");
  EXPECT_EQ(server_.request(2).target, "/x?fieldManager=headroom-controller&force=true");
}

TEST_F(Calling, APodConditionIsMergedByTypeUnderThePodsUid) {
  server_.on_other(reply(200, "{}"));
  const PodCondition condition{"powercapping.example.com/Headroom", ConditionStatus::is_false, "RackPower", "full",
                               base::WallTime(Seconds(1'800'000'000))};
  EXPECT_TRUE(patch_pod_condition(client_, {"ns", "p", "uid-1"}, condition).ok());
  const test::SeenRequest request = server_.request(0);
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.target, "/api/v1/namespaces/ns/pods/p/status");
  EXPECT_EQ(
      request.body,
      R"({"metadata":{"uid":"uid-1"},"status":{"conditions":[{"type":"powercapping.example.com/Headroom",)"
      R"("status":"False","reason":"RackPower","message":"full","lastTransitionTime":"2027-01-15T08:00:00Z"}]}})");
}

TEST_F(Calling, EndpointSlicesAreReadInPages) {
  server_.on_list(reply(200, R"({"metadata":{"resourceVersion":"1","continue":"t"},"items":[
    {"metadata":{"name":"kepler-x","namespace":"kepler","labels":{"kubernetes.io/service-name":"kepler"}},
     "addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],"nodeName":"n1","conditions":{"ready":true},
     "targetRef":{"kind":"Pod","name":"kepler-1"}},{"addresses":["10.0.0.2"],"conditions":{"ready":false}},
     {"addresses":["10.0.0.3"],"conditions":{"ready":null}}],"ports":[{"name":"http","port":28282}]}]})"));
  server_.on_list(reply(200, R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{}},
    {"metadata":{"name":"empty","namespace":"kepler"},"endpoints":null,"ports":null}]})"));
  const auto slices = list_endpoint_slices(*client_.open({}), "kepler");
  ASSERT_TRUE(slices.ok()) << slices.error().message;
  ASSERT_EQ(slices->size(), 2u) << "the one without a name is left out";
  const model::EndpointSlice& slice = slices->front();
  EXPECT_EQ(slice.labels.at("kubernetes.io/service-name"), "kepler");
  ASSERT_EQ(slice.endpoints.size(), 3u);
  EXPECT_EQ(slice.endpoints[0], (model::EndpointAddress{{"10.0.0.1"}, "n1", "kepler-1", true}));
  EXPECT_FALSE(slice.endpoints[1].ready);
  EXPECT_TRUE(slice.endpoints[2].ready);
  EXPECT_EQ(slice.ports.front().port, 28'282);
}

TEST_F(Calling, AConfigMapIsAppliedWholeAndReadBack) {
  server_.on_other(reply(200, "{}"));
  EXPECT_TRUE(apply_config_map(client_, {"ns", "m", {{"k", "v\n"}}}, "headroom-controller").ok());
  EXPECT_EQ(server_.request(0).body,
            R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"ns"},"data":{"k":"v\n"}})");
  server_.on_other(reply(200, server_.request(0).body));
  const auto map = get_config_map(client_, "ns", "m");
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->data.at("k"), "v\n");
}

TEST(Recording, AnEventIsPostedWithoutHoldingTheCallerUp) {
  test::ScriptedServer server;
  runtime::SystemClock clock;
  ApiClient client(*config_from_url(server.url()), {}, clock);
  server.on_other(reply(201, "{}"));
  {
    EventRecorder recorder(client, {"powercapping.example.com/test", "me"});
    Event event;
    event.regarding = {"v1", "Node", "", "n1", "u"};
    event.reason = "Full";
    event.action = "Scheduling";
    recorder.record(event);
    recorder.record(event);
  }
  EXPECT_EQ(server.request(0).target, "/apis/events.k8s.io/v1/namespaces/default/events");
  EXPECT_EQ(server.requests(), 1u) << "its like was only counted";
}

TEST(Electing, ALeaseIsCreatedHeldAndReleasedOnExit) {
  test::ScriptedServer server;
  runtime::SystemClock clock;
  ApiClient client(*config_from_url(server.url()), {}, clock);
  const std::string held =
      R"({"metadata":{"name":"l","namespace":"ns","resourceVersion":"4"},"spec":{"holderIdentity":"me",)"
      R"("leaseDurationSeconds":15,"renewTime":"2027-01-15T08:00:00.000000Z","leaseTransitions":0}})";
  server.on_other(reply(404, "{}"));
  server.on_other(reply(201, held));
  server.on_other(reply(200, held));  // read before the release
  server.on_other(reply(200, held));
  {
    ElectionOptions options;
    options.ns = "ns";
    options.name = "l";
    options.identity = "me";
    options.retry_period = Seconds(3'600);
    const LeaderElection election(client, options);
    static_cast<void>(server.request(1));
    for (int i = 0; i < 2'000 && !election.leads(); ++i) std::this_thread::yield();
    while (election.view().holder != "me") std::this_thread::yield();
    EXPECT_TRUE(election.leads());
  }
  const test::SeenRequest created = server.request(1);
  EXPECT_EQ(created.target, "/apis/coordination.k8s.io/v1/namespaces/ns/leases");
  EXPECT_NE(created.body.find(R"("holderIdentity":"me","leaseDurationSeconds":15)"), std::string::npos);
  const test::SeenRequest released = server.request(3);
  EXPECT_EQ(released.method, "PUT");
  EXPECT_EQ(released.body.find("holderIdentity"), std::string::npos);
  EXPECT_NE(released.body.find(R"("resourceVersion":"4")"), std::string::npos);
}

TEST(Electing, LosingTheRaceForTheLeaseIsNotLeading) {
  test::ScriptedServer server;
  runtime::SystemClock clock;
  ApiClient client(*config_from_url(server.url()), {}, clock);
  server.on_other(reply(404, "{}"));
  server.on_other(reply(409, R"({"kind":"Status","reason":"AlreadyExists","message":"exists","code":409})"));
  ElectionOptions options;
  options.ns = "ns";
  options.name = "l";
  options.identity = "me";
  options.retry_period = Seconds(3'600);
  const LeaderElection election(client, options);
  while (election.view().error.empty()) std::this_thread::yield();
  EXPECT_FALSE(election.leads());
  EXPECT_NE(election.view().error.find("AlreadyExists"), std::string::npos);
}

}  // namespace
}  // namespace headroom::kube
