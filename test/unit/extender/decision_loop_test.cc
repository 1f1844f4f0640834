#include "extender/decision_loop.h"

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "test/support/cluster_builder.h"

namespace headroom::extender {
namespace {

class Loop : public testing::Test {
 protected:
  Loop()
      : loop_({snapshots_, decisions_, ledger_, clock_}, std::make_shared<const scoring::Settings>(), timing(),
              [this] { ++published_; }) {
    cluster_.topology(test::Topology().feed("f", 10'000).rack("r", 1'000, "f"));
    cluster_.node("a", "r");
  }
  void source(std::uint64_t polls, std::uint64_t failures) {
    model::SourceStatus status;
    status.name = "kepler";
    status.polls = polls;
    status.failures = failures;
    cluster_.telemetry().sources = {status};
  }
  static DecisionTiming timing() {
    return {base::Milliseconds(1'000), {base::Milliseconds(15'000), base::Milliseconds(0)}};
  }
  void publish() { snapshots_.publish(cluster_.snapshot()); }

  base::ManualClock clock_{test::kStart};
  test::ClusterBuilder cluster_;
  base::Published<model::ClusterSnapshot> snapshots_;
  PublishedDecision decisions_;
  LedgerGuard ledger_;
  std::atomic<int> published_ = 0;
  DecisionLoop loop_;
};

TEST_F(Loop, DecidesNothingBeforeEverythingIsListed) {
  loop_.step();
  EXPECT_EQ(decisions_.load(), nullptr);
  cluster_.raw().sync.policies = false;
  publish();
  loop_.step();
  EXPECT_EQ(decisions_.load(), nullptr);
  cluster_.raw().sync.policies = true;
  publish();
  loop_.step();
  EXPECT_NE(decisions_.load(), nullptr);
}

TEST_F(Loop, AStartWaitsForTheFirstReadings) {
  source(1, 0);
  publish();
  loop_.step();
  EXPECT_EQ(decisions_.load(), nullptr) << "counters need two polls to become watts";
  source(2, 0);
  publish();
  loop_.step();
  EXPECT_NE(decisions_.load(), nullptr);
}

TEST_F(Loop, AFailingSourceHoldsNobodyUp) {
  source(1, 1);
  publish();
  loop_.step();
  EXPECT_NE(decisions_.load(), nullptr);
}

TEST_F(Loop, AHangingSourceHoldsUpForTheWarmupOnly) {
  source(0, 0);
  publish();
  loop_.step();
  clock_.advance(base::Seconds(14));
  loop_.step();
  EXPECT_EQ(decisions_.load(), nullptr);
  clock_.advance(base::Seconds(1));
  loop_.step();
  EXPECT_NE(decisions_.load(), nullptr);
}

TEST_F(Loop, WhatWasSyncedOnceGoesOnWhenACrdVanishes) {
  publish();
  loop_.step();
  const auto first = decisions_.load();
  cluster_.raw().sync.topologies = false;
  cluster_.raw().sync.crds_missing = true;
  publish();
  loop_.step();
  EXPECT_NE(decisions_.load(), first);
  EXPECT_EQ(decisions_.load()->books->topology->elements.size(), 2u) << "the last objects stay";
}

TEST_F(Loop, CompilesTopologiesOnlyWhenTheyChange) {
  publish();
  loop_.step();
  const auto before = decisions_.load()->books->topology;
  cluster_.pod("p").on("a");
  publish();
  loop_.step();
  EXPECT_EQ(decisions_.load()->books->topology, before);
  cluster_.topology(test::Topology().feed("f", 10'000).rack("r", 2'000, "f"));
  publish();
  loop_.step();
  EXPECT_NE(decisions_.load()->books->topology, before);
}

TEST_F(Loop, KeepsTheBooksEverySecondAndAtEachNotification) {
  publish();
  loop_.start();
  clock_.await_waiters(1);
  EXPECT_EQ(published_, 1);
  clock_.advance(base::Seconds(1));
  while (published_ < 2) clock_.await_waiters(1);
  loop_.notify();
  while (published_ < 3) clock_.await_waiters(1);
  loop_.stop();
  EXPECT_EQ(published_, 3);
}

TEST(NotSynced, SaysWhatIsMissing) {
  EXPECT_NE(not_synced(nullptr).find("NotSynced"), std::string::npos);
  model::ClusterSnapshot snapshot;
  snapshot.sync = {.nodes = true, .pods = false, .policies = true, .topologies = false};
  EXPECT_EQ(not_synced(&snapshot), "NotSynced: waiting for the first list of pods, powertopologies");
  snapshot.sync.crds_missing = true;
  EXPECT_EQ(not_synced(&snapshot).rfind("CRDsMissing", 0), 0u);
}

}  // namespace
}  // namespace headroom::extender
