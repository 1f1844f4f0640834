#include "extender/requeue_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "test/support/cluster_builder.h"
#include "test/unit/extender/extender_fakes.h"

namespace headroom::extender {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(IsBeside, ComparesTheHostNameBeforeTheUnderscore) {
  EXPECT_TRUE(is_beside(std::nullopt, "host")) << "no Lease: no leader election";
  EXPECT_TRUE(is_beside("host_4f1c", "host"));
  EXPECT_TRUE(is_beside("host", "host"));
  EXPECT_FALSE(is_beside("host2_4f1c", "host"));
  EXPECT_FALSE(is_beside("hos", "host"));
  EXPECT_FALSE(is_beside("", "host"));
  EXPECT_FALSE(is_beside("_x", ""));
}

class RequeueLoopTest : public testing::Test {
 protected:
  RequeueLoopTest()
      : loop_({decisions_, ledger_, conditions_, lease_, clock_}, Config(), "host",
              [this](PatchResult result) { results_.push_back(result); }) {
    cluster_.topology(test::Topology().feed("f", 10'000).rack("r", 1'000, "f").node_class(100, {}));
    cluster_.node("a", "r");
    cluster_.pod("old").on("a").watts(850);
    cluster_.pod("p").watts(100).pod.unschedulable = true;
    publish();
  }
  void publish() {
    auto books = cluster_.books();
    auto snapshot = std::make_shared<const model::ClusterSnapshot>(cluster_.last_snapshot());
    decisions_.publish(std::make_shared<const Decision>(Decision{snapshot, books, clock_.mono_now()}));
  }

  base::ManualClock clock_{test::kStart};
  test::ClusterBuilder cluster_;
  PublishedDecision decisions_;
  LedgerGuard ledger_;
  test::FakeConditions conditions_;
  test::FakeLease lease_;
  std::vector<PatchResult> results_;
  RequeueLoop loop_;
};

TEST_F(RequeueLoopTest, WritesBesideTheLeaderOnly) {
  lease_.held_by("another_1");
  loop_.step({});
  EXPECT_THAT(conditions_.written(), IsEmpty());
  EXPECT_FALSE(loop_.view()->leader);
  lease_.held_by("host_1");
  clock_.advance(base::Seconds(3));
  loop_.step({});
  ASSERT_THAT(conditions_.written(), SizeIs(1));
  EXPECT_EQ(conditions_.written()[0].pod, "default/p");
  EXPECT_THAT(results_, testing::ElementsAre(PatchResult::reason_written));
  EXPECT_TRUE(loop_.view()->leader);
  ASSERT_THAT(loop_.view()->waiting, SizeIs(1));
}

TEST_F(RequeueLoopTest, AFailedWriteIsTriedAgainLater) {
  conditions_.answer(base::unavailable("down"));
  loop_.step({});
  EXPECT_THAT(results_, testing::ElementsAre(PatchResult::failed));
  conditions_.answer(base::ok_status());
  loop_.step({});
  EXPECT_THAT(results_, testing::ElementsAre(PatchResult::failed, PatchResult::reason_written));
}

TEST_F(RequeueLoopTest, WakesWhenBooksChange) {
  loop_.step({});
  cluster_.pod("old").watts(100);
  clock_.advance(base::Seconds(3));
  publish();
  loop_.step({});
  EXPECT_THAT(results_, testing::ElementsAre(PatchResult::reason_written, PatchResult::woken));
}

TEST_F(RequeueLoopTest, RunsOnAThreadAndStops) {
  loop_.start();
  clock_.await_waiters(1);
  loop_.notify();
  loop_.stop();
  EXPECT_THAT(conditions_.written(), SizeIs(1));
}

}  // namespace
}  // namespace headroom::extender
