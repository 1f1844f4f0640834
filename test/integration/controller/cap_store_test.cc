// The fences of an order on an API server: what was not read cannot be overwritten, what was deleted is not recreated.
// (The transition rule on epoch and sequence is CEL; test/e2e shows it on a real one.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "controller/kube_cap_edges.h"
#include "kube/api_client.h"
#include "kube/config.h"
#include "test/integration/controller/api_fixture.h"

namespace headroom::controller {
namespace {

using base::ErrorKind;
using testing::HasSubstr;

const std::string kCaps = "/apis/powercapping.example.com/v1alpha1/nodepowercaps";
const std::string kLease = "/apis/coordination.k8s.io/v1/namespaces/headroom-system/leases/headroom-heartbeat";

class Ordering : public test::ApiFixture {
 protected:
  Ordering() : ApiFixture({"headroom-system"}) {
    install_crds({"nodepowercaps"});
    client_ =
        std::make_unique<kube::ApiClient>(*kube::config_from_url(server_.url()), kube::ApiClientOptions(), clock_);
    store_ = make_cap_store(*client_);
    heartbeat_ = make_heartbeat(*client_, {"headroom-system", "headroom-heartbeat", "me"});
  }
  static CapOrder first(model::CapStamp stamp) {
    CapOrder order;
    order.create = true;
    order.node_uid = "node-uid";
    order.cap.name = "n1";
    order.cap.spec.stamp = stamp;
    order.cap.spec.budget = base::watts(500);
    return order;
  }
  static CapOrder next(const model::NodePowerCap& read, model::CapStamp stamp) {
    CapOrder order;
    order.cap = read;
    order.cap.spec.stamp = stamp;
    order.cap.spec.budget = base::watts(400);
    return order;
  }

  std::unique_ptr<kube::ApiClient> client_;
  std::unique_ptr<CapStore> store_;
  std::unique_ptr<Heartbeat> heartbeat_;
};

TEST_F(Ordering, AnOrderIsCreatedOnceAndBelongsToItsNode) {
  const auto stored = store_->write(first({1, 1}));
  ASSERT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_EQ(stored->spec.budget, base::watts(500));
  EXPECT_FALSE(stored->uid.empty());
  EXPECT_THAT(call({"GET", kCaps + "/n1"}), HasSubstr("node-uid"));
  const auto again = store_->write(first({1, 2}));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::conflict);
}

TEST_F(Ordering, WhatWasNotReadIsNotOverwritten) {
  const auto stored = store_->write(first({1, 1}));
  const auto newer = store_->write(next(*stored, {2, 1}));
  ASSERT_TRUE(newer.ok()) << newer.error().message;
  const auto late = store_->write(next(*stored, {1, 2}));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::conflict);
  EXPECT_EQ(store_->get("n1")->spec.stamp, (model::CapStamp{2, 1}));
}

TEST_F(Ordering, WhatWasDeletedIsNotRecreatedByAnUpdate) {
  const auto stored = store_->write(first({1, 1}));
  call({"DELETE", kCaps + "/n1"});
  const auto late = store_->write(next(*stored, {1, 2}));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::not_found);
  EXPECT_TRUE(store_->list()->caps.empty());
}

TEST_F(Ordering, WhatWasRecreatedIsNotUpdatedOnWhatWasKnownOfTheFirst) {
  const auto stored = store_->write(first({1, 1}));
  call({"DELETE", kCaps + "/n1"});
  const auto other = store_->write(first({2, 1}));
  CapOrder trap = next(*stored, {3, 1});
  trap.cap.resource_version = other->resource_version;  // as if only the version had been renewed
  const auto late = store_->write(trap);
  EXPECT_FALSE(late.ok());
  EXPECT_EQ(store_->get("n1")->spec.stamp, (model::CapStamp{2, 1}));
}

TEST_F(Ordering, AStatusStaysAndClearedFieldsGo) {
  auto order = first({1, 1});
  order.cap.spec.gpu = base::watts(250);
  const auto stored = store_->write(order);
  call({"PATCH",
        kCaps + "/n1/status",
        R"({"status":{"state":"Active","appliedWatts":480}})",
        "application/merge-patch+json",
        {}});
  const auto read = store_->get("n1");
  auto update = next(*read, {1, 2});
  update.cap.spec.gpu.reset();
  const auto updated = store_->write(update);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_EQ(updated->spec.gpu, std::nullopt);
  EXPECT_EQ(updated->status.applied, base::watts(480));
}

TEST_F(Ordering, ListingSeesEveryEpoch) {
  EXPECT_EQ(store_->list()->highest_epoch, 0);
  (void)store_->write(first({7, 1}));
  const auto all = store_->list();
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->caps.size(), 1U);
  EXPECT_EQ(all->highest_epoch, 7);
}

TEST_F(Ordering, AMissingCrdIsSaid) {
  call({"DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodepowercaps.powercapping.example.com"});
  EXPECT_EQ(store_->list().error().kind, ErrorKind::not_found);
}

TEST_F(Ordering, TheHeartbeatIsCreatedRenewedAndKeepsWhatPeopleAnnotate) {
  EXPECT_FALSE(heartbeat_->read()->paused) << "there is none yet";
  ASSERT_TRUE(heartbeat_->renew().ok());
  const std::string first_beat = call({"GET", kLease});
  EXPECT_THAT(first_beat, HasSubstr("\"leaseDurationSeconds\":20"));
  call({"PATCH",
        kLease,
        R"({"metadata":{"annotations":{"powercapping.example.com/paused":"true"}}})",
        "application/merge-patch+json",
        {}});
  EXPECT_FALSE(heartbeat_->renew().ok()) << "changed since it was read: read first";
  const auto view = heartbeat_->renew();
  ASSERT_TRUE(view.ok()) << view.error().message;
  EXPECT_TRUE(view->paused);
  EXPECT_NE(call({"GET", kLease}), first_beat);
  EXPECT_TRUE(heartbeat_->read()->paused);
}

}  // namespace
}  // namespace headroom::controller
