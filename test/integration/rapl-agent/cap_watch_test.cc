// The agent's side of the API, through real sockets: what it hears of its NodePowerCap and of the heartbeat.
#include "rapl-agent/cap_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <string>

#include "demo/api_server.h"
#include "kube/api_client.h"
#include "kube/config.h"
#include "rapl-agent/status_writer.h"
#include "runtime/system_clock.h"

namespace headroom::rapl_agent {
namespace {

using Presence = core::CapView::Presence;
using testing::HasSubstr;

const std::string kCaps = "/apis/powercapping.example.com/v1alpha1/nodepowercaps";
const std::string kLeases = "/apis/coordination.k8s.io/v1/namespaces/headroom-system/leases";

std::string read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class CapWatchTest : public testing::Test {
 protected:
  CapWatchTest() { call({"POST", "/api/v1/namespaces", R"({"metadata":{"name":"headroom-system"}})"}); }
  ~CapWatchTest() override { watch_.stop(); }

  void install_crd() {
    apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepowercaps.powercapping.example.com",
          read("deploy/crds/nodepowercaps.yaml"));
  }
  void order(const std::string& node, const std::string& spec) {
    apply(kCaps + "/" + node,
          R"({"apiVersion":"powercapping.example.com/v1alpha1","kind":"NodePowerCap","metadata":{"name":")" + node +
              R"("},"spec":)" + spec + "}");
  }
  void beat(const std::string& time) {
    apply(kLeases + "/headroom-heartbeat",
          R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"headroom-heartbeat",
              "namespace":"headroom-system"},"spec":{"renewTime":")" +
              time + R"("}})");
  }
  void call(const demo::ApiServer::Call& made) {
    const auto reply = server_.call(made);
    EXPECT_LT(reply.status, 300) << made.method << " " << made.path << ": " << reply.body;
  }
  void apply(const std::string& path, const std::string& body) {
    call({"PATCH", path, body, "application/apply-patch+yaml", {{"fieldManager", "test"}, {"force", "true"}}});
  }
  [[nodiscard]] bool eventually(const std::function<bool(const core::CapView&)>& holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return holds(watch_.latest()); });
  }

  demo::ApiServer server_{{}};
  runtime::SystemClock clock_;
  kube::ApiClient client_{[this] {
                            EXPECT_TRUE(server_.start().ok());
                            return *kube::config_from_url(server_.url());
                          }(),
                          {},
                          clock_};
  std::mutex mutex_;
  std::condition_variable changed_;
  CapWatch watch_{client_, {"node-a", "headroom-system", "headroom-heartbeat", base::Milliseconds(50), 1}, [this] {
                    const std::lock_guard lock(mutex_);
                    changed_.notify_all();
                  }};
};

TEST_F(CapWatchTest, hears_its_own_order_and_no_other) {
  install_crd();
  order("node-a", R"({"epoch":1,"sequence":1,"budgetWatts":400})");
  order("node-b", R"({"epoch":1,"sequence":1,"budgetWatts":100})");
  watch_.start();
  ASSERT_TRUE(eventually([](const auto& view) { return view.order.has_value(); }));
  EXPECT_EQ(watch_.latest().order->spec.budget, base::watts(400));
  order("node-a", R"({"epoch":1,"sequence":2,"budgetWatts":300})");
  EXPECT_TRUE(eventually([](const auto& view) { return view.order && view.order->spec.budget == base::watts(300); }));
}

TEST_F(CapWatchTest, an_order_that_cannot_be_read_is_told_by_its_field) {
  install_crd();
  order("node-a", R"({"epoch":1,"sequence":1,"budgetWatts":-5})");
  watch_.start();
  ASSERT_TRUE(eventually([](const auto& view) { return view.presence == Presence::present; }));
  EXPECT_FALSE(watch_.latest().order.has_value());
  EXPECT_THAT(watch_.latest().unreadable, HasSubstr("spec.budgetWatts"));
}

TEST_F(CapWatchTest, a_missing_kind_and_a_missing_object_are_absent) {
  watch_.start();
  ASSERT_TRUE(eventually([](const auto& view) { return view.presence == Presence::absent; }));
  EXPECT_THAT(watch_.problem(), HasSubstr("NodePowerCap"));
  install_crd();
  order("node-a", R"({"epoch":1,"sequence":1,"budgetWatts":400})");
  EXPECT_TRUE(eventually([](const auto& view) { return view.presence == Presence::present; }));
}

TEST_F(CapWatchTest, a_deleted_object_is_absent) {
  install_crd();
  order("node-a", R"({"epoch":1,"sequence":1,"budgetWatts":400})");
  watch_.start();
  ASSERT_TRUE(eventually([](const auto& view) { return view.presence == Presence::present; }));
  call({"DELETE", kCaps + "/node-a"});
  EXPECT_TRUE(eventually([](const auto& view) { return view.presence == Presence::absent && !view.order; }));
}

TEST_F(CapWatchTest, hears_the_heartbeat) {
  watch_.start();
  beat("2026-01-01T00:00:00.000000Z");
  ASSERT_TRUE(eventually([](const auto& view) { return view.heartbeat.has_value(); }));
  const auto first = watch_.latest().heartbeat;
  beat("2026-01-01T00:00:05.000000Z");
  EXPECT_TRUE(eventually([&](const auto& view) { return view.heartbeat == *first + base::Seconds(5); }));
}

TEST_F(CapWatchTest, hears_the_pause_and_its_end_between_two_heartbeats) {
  watch_.start();
  beat("2026-01-01T00:00:00.000000Z");
  ASSERT_TRUE(eventually([](const auto& view) { return view.heartbeat.has_value(); }));
  EXPECT_FALSE(watch_.latest().paused);
  const std::string lease = kLeases + "/headroom-heartbeat";
  const auto annotate = [&](const std::string& value) {
    call({"PATCH", lease, R"({"metadata":{"annotations":{"powercapping.example.com/paused":)" + value + "}}}",
          "application/merge-patch+json"});
  };
  annotate(R"("true")");
  EXPECT_TRUE(eventually([](const auto& view) { return view.paused; }));
  beat("2026-01-01T00:00:05.000000Z");
  annotate(R"("false")");
  EXPECT_TRUE(eventually([](const auto& view) { return !view.paused; }));
  annotate(R"("true")");
  EXPECT_TRUE(eventually([](const auto& view) { return view.paused; }));
  annotate("null");
  EXPECT_TRUE(eventually([](const auto& view) { return !view.paused; }));
}

TEST_F(CapWatchTest, silence_opens_the_watches_anew_and_less_and_less_often) {
  install_crd();
  order("node-a", R"({"epoch":1,"sequence":1,"budgetWatts":400})");
  watch_.start();
  ASSERT_TRUE(eventually([](const auto& view) { return view.order.has_value(); }));
  base::MonoTime now = clock_.mono_now();
  watch_.keep_alive(now);
  EXPECT_EQ(watch_.reopened(), 0U);
  now += base::Milliseconds(80);  // 50 ms and at most half as much again
  watch_.keep_alive(now);
  EXPECT_EQ(watch_.reopened(), 1U);
  watch_.keep_alive(now);
  now += base::Milliseconds(80);
  watch_.keep_alive(now);
  EXPECT_EQ(watch_.reopened(), 1U);
  now += base::Milliseconds(80);
  watch_.keep_alive(now);
  EXPECT_EQ(watch_.reopened(), 2U);
  order("node-a", R"({"epoch":1,"sequence":2,"budgetWatts":300})");
  EXPECT_TRUE(eventually([](const auto& view) { return view.order && view.order->spec.budget == base::watts(300); }));
}

TEST_F(CapWatchTest, a_status_is_applied_to_the_object_that_was_seen) {
  install_crd();
  order("node-a", R"({"epoch":1,"sequence":1,"budgetWatts":400})");
  watch_.start();
  ASSERT_TRUE(eventually([](const auto& view) { return view.order.has_value(); }));
  model::NodePowerCap cap = *watch_.object();
  cap.status.state = model::CapState::active;
  cap.status.applied = base::watts(390);
  const auto write = apply_status(client_);
  ASSERT_TRUE(write(cap).ok());
  EXPECT_TRUE(eventually([&](const auto&) {
    const auto object = watch_.object();
    return object && object->status.applied == base::watts(390);
  }));
  cap.uid = "another";
  EXPECT_FALSE(write(cap).ok());
  cap.name = "node-z";
  EXPECT_FALSE(write(cap).ok());
}

}  // namespace
}  // namespace headroom::rapl_agent
