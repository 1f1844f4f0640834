#include "controller/caps_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "base/manual_clock.h"
#include "test/unit/controller/cap_fakes.h"
#include "test/unit/controller/world.h"

namespace headroom::controller::test {
namespace {

using base::watts;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What the pure steps are told to say, and what they were told.
struct Decided {
  std::vector<std::pair<std::string, std::int64_t>> writes;  // node, budget
  std::vector<policy::AllocateInput> inputs;

  CapsDeciding deciding() {
    CapsDeciding made;
    made.input = [](const scoring::Books& books, const model::ClusterSnapshot&, const scoring::CapFacts& facts) {
      scoring::CapInput input;
      input.allocate.settings = facts.settings;
      for (const auto& row : books.table->nodes) {
        policy::CapNode node;
        node.name = row.node->name;
        node.class_max = watts(1000);
        input.allocate.nodes.push_back(node);
      }
      return input;
    };
    made.allocate = [this](const policy::AllocateInput& input, policy::AllocateMemory) {
      inputs.push_back(input);
      policy::Allocation allocation;
      allocation.nodes.resize(input.nodes.size());
      for (const auto& [name, budget] : writes) {
        policy::CapWrite write;
        for (std::uint32_t i = 0; i < input.nodes.size(); ++i) {
          if (input.nodes[i].name == name) write.node = i;
        }
        write.spec.budget = watts(budget);
        allocation.writes.push_back(write);
      }
      return allocation;
    };
    return made;
  }
};

class CapsLoopTest : public testing::Test {
 protected:
  CapsLoopTest() { world.raw().sync.node_power_caps = true; }
  void keep_books() {
    LoopReport report;
    report.books = world.books();
    report.snapshot = std::make_shared<const model::ClusterSnapshot>(world.last_snapshot());
    report.kept_at = clock.mono_now();
    books.publish(std::make_shared<const LoopReport>(report));
  }
  void step() {
    keep_books();
    loop.step();
  }
  std::shared_ptr<const CapsReport> report() { return loop.reports().load(); }

  World world;
  base::ManualClock clock{headroom::test::kStart};
  base::Published<LoopReport> books;
  FakeCapStore store;
  FakeHeartbeat heartbeat;
  FakeTenure tenure;
  FakeReleaseDesk releases;
  Decided decided;
  CapsLoop loop{{clock, books, store, heartbeat, tenure, releases}, decided.deciding(), {}};
};

TEST_F(CapsLoopTest, ALeaderWritesInTheOrderThatWasDecidedAndThenBeats) {
  decided.writes = {{"n3", 300}, {"n1", 500}};
  step();
  EXPECT_THAT(store.take_nodes(), ElementsAre("n3", "n1"));
  EXPECT_EQ(heartbeat.beats, 1);
  EXPECT_TRUE(report()->leads);
  EXPECT_EQ(report()->epoch, 5);
  EXPECT_EQ(report()->writes, 2U);
  EXPECT_EQ(report()->rounds, 1U);
  EXPECT_EQ(report()->problem, "");
}

TEST_F(CapsLoopTest, AFollowerWritesNothingAndDoesNotBeat) {
  tenure.now.reset();
  decided.writes = {{"n1", 500}};
  step();
  EXPECT_THAT(store.take_nodes(), IsEmpty());
  EXPECT_EQ(heartbeat.beats, 0);
  EXPECT_FALSE(report()->leads);
}

TEST_F(CapsLoopTest, WhatWasWrittenComesBackWithTheNextInput) {
  decided.writes = {{"n1", 500}};
  step();
  step();
  ASSERT_EQ(decided.inputs.size(), 2U);
  ASSERT_NE(decided.inputs[1].nodes[0].cap, nullptr);
  EXPECT_EQ(decided.inputs[1].nodes[0].cap->spec.budget, watts(500)) << "although the mirror does not show it";
  EXPECT_EQ(decided.inputs[1].settings.epoch, 5);
}

TEST_F(CapsLoopTest, TakingOverTakesAHigherEpochThanAnyObjectHas) {
  store.put(cap("n1", {70, 3}, 400));
  step();
  EXPECT_EQ(report()->epoch, 71);
}

TEST_F(CapsLoopTest, ALeaderThatCannotListWritesNothingAndDoesNotBeat) {
  store.list_error = base::unavailable("down");
  decided.writes = {{"n1", 500}};
  step();
  EXPECT_THAT(store.take_nodes(), IsEmpty());
  EXPECT_EQ(heartbeat.beats, 0);
  EXPECT_FALSE(report()->leads);
  store.list_error.reset();
  step();
  EXPECT_THAT(store.take_nodes(), ElementsAre("n1"));
}

TEST_F(CapsLoopTest, ANewTermIsTakenOverAnew) {
  step();
  tenure.now->transitions = 9;
  step();
  EXPECT_EQ(report()->epoch, 10);
}

TEST_F(CapsLoopTest, TheHeartbeatComesAtMostEveryFiveSeconds) {
  step();
  clock.advance(base::Seconds(3));
  step();
  EXPECT_EQ(heartbeat.beats, 1);
  clock.advance(base::Seconds(2));
  step();
  EXPECT_EQ(heartbeat.beats, 2);
}

TEST_F(CapsLoopTest, NoHeartbeatWithoutAnApiServerThatTakesOrders) {
  decided.writes = {{"n1", 500}, {"n2", 500}};
  store.write_errors = {base::unavailable("timeout")};
  step();
  EXPECT_THAT(store.take_nodes(), ElementsAre("n1")) << "the others would fare alike";
  EXPECT_EQ(heartbeat.beats, 0);
  EXPECT_THAT(report()->problem, HasSubstr("timeout"));
  EXPECT_EQ(report()->rounds_failed, 1U);
  step();
  ASSERT_EQ(decided.inputs.size(), 2U);
  EXPECT_EQ(decided.inputs[1].nodes[0].in_flight, watts(500));
}

TEST_F(CapsLoopTest, OneNodeThatCannotBeWrittenDoesNotSilenceTheOthers) {
  decided.writes = {{"n1", 500}, {"n2", 500}};
  store.write_errors = {base::denied("403")};
  step();
  EXPECT_THAT(store.take_nodes(), ElementsAre("n1", "n2"));
  EXPECT_EQ(heartbeat.beats, 1);
  EXPECT_EQ(report()->write_failures, 1U);
}

TEST_F(CapsLoopTest, NoHeartbeatAfterARoundThatTookTooLong) {
  CapsTiming timing;
  timing.deadline = base::Milliseconds(-1);  // passed at once
  CapsLoop late({clock, books, store, heartbeat, tenure, releases}, decided.deciding(), {{}, timing});
  keep_books();
  late.step();
  EXPECT_EQ(heartbeat.beats, 0);
  EXPECT_EQ(late.reports().load()->rounds_failed, 1U);
}

TEST_F(CapsLoopTest, AnOutrankedLeaderStopsAndTakesOverAnew) {
  step();
  store.put(cap("n1", {6, 1}, 400));  // of a later one
  decided.writes = {{"n1", 500}, {"n2", 500}};
  store.write_errors = {base::conflict("exists")};
  step();
  EXPECT_THAT(store.take_nodes(), ElementsAre("n1"));
  EXPECT_EQ(report()->outranked, 1U);
  step();
  EXPECT_EQ(report()->epoch, 7) << "above the one that stood in the way";
}

TEST_F(CapsLoopTest, AtMostAHundredWritesASecond) {
  for (int i = 0; i < 150; ++i) decided.writes.emplace_back("n1", 500 + i);
  step();
  EXPECT_EQ(store.take_nodes().size(), 100U);
  EXPECT_EQ(heartbeat.beats, 1) << "what is left over is no failure";
  clock.advance(base::Milliseconds(500));
  step();
  EXPECT_EQ(store.take_nodes().size(), 50U);
}

TEST_F(CapsLoopTest, APauseIsReadFromTheHeartbeat) {
  heartbeat.paused = true;
  step();
  EXPECT_TRUE(decided.inputs.back().settings.paused) << "from the first round of a leader on";
  heartbeat.paused = false;
  clock.advance(base::Seconds(5));
  step();
  step();
  EXPECT_FALSE(decided.inputs.back().settings.paused);
}

TEST_F(CapsLoopTest, AMissingCrdIsSaidAndNobodyIsToldThatAllIsWell) {
  world.raw().sync.node_power_caps_missing = true;
  step();
  EXPECT_THAT(report()->problem, HasSubstr("deploy/crds"));
  EXPECT_THAT(decided.inputs, IsEmpty());
  EXPECT_EQ(heartbeat.beats, 0);
}

TEST_F(CapsLoopTest, NothingIsDecidedOnOldBooks) {
  keep_books();
  clock.advance(base::Seconds(20));
  loop.step();
  EXPECT_THAT(decided.inputs, IsEmpty());
  EXPECT_EQ(heartbeat.beats, 0);
}

TEST_F(CapsLoopTest, ARequestForReleaseIsAnsweredWheneverTheAnswerChanges) {
  auto asked = in_force(cap("n1", {2, 1}, 400));
  asked.spec.release = true;
  asked.release_requested = true;
  store.put(asked);
  step();
  ASSERT_EQ(releases.answers.size(), 1U);
  EXPECT_EQ(releases.answers[0].first, "n1");
  EXPECT_TRUE(releases.answers[0].second.done);
}

// A policy of 250 W alone on a node that draws 300 W, 100 W of them idle, for the best there was: 1.25 of 2.
TEST_F(CapsLoopTest, ARatioBelowItsTargetLowersThePolicysLimitInTheRoundAndEndsWithTheTerm) {
  auto policy = controller::test::policy("p");
  policy.power_cap_limit = watts(250);
  policy.performance_power_ratio = model::PerformancePowerRatio{2, 10};
  world.policy(policy);
  world.running("a", "n1");
  CapsLoop real({clock, books, store, heartbeat, tenure, releases}, deciding(), {});
  const auto run = [&](int seconds) {
    for (int t = 0; t < seconds; t += 3) {
      clock.advance(base::Seconds(3));
      world.advance(base::Seconds(3));
      world.measure_all();
      world.telemetry().performance["default/p"] = {100, clock.wall_now()};
      store.orders.clear();
      keep_books();
      real.step();
      world.raw().node_power_caps.clear();
      for (const auto& [name, stored] : store.stored) {
        world.raw().node_power_caps.push_back(std::make_shared<const model::NodePowerCap>(in_force(stored)));
      }
    }
    const auto round = real.reports().load()->round;
    return round == nullptr ? base::Power() : round->input.allocate.limits.back().capacity;
  };
  base::Power capacity = run(240);
  EXPECT_EQ(capacity, watts(350)) << "the limit and what the node draws idle";
  for (int i = 0; i < 200 && capacity == watts(350); ++i) capacity = run(3);
  EXPECT_EQ(capacity, watts(290)) << "5 % less than the 200 W that are drawn";
  const auto finding = real.reports().load()->round->ratios.at("default/p");
  EXPECT_EQ(finding.held_to, watts(190));
  EXPECT_NEAR(finding.ratio.value_or(0), 1.25, 1e-6);
  tenure.now.reset();
  run(120);
  tenure.now = FakeTenure().now;
  EXPECT_EQ(run(3), watts(350)) << "others have led meanwhile";
}

TEST_F(CapsLoopTest, ALostTermShowsNoRound) {
  step();
  EXPECT_NE(report()->round, nullptr);
  tenure.now.reset();
  step();
  EXPECT_EQ(report()->round, nullptr);
}

}  // namespace
}  // namespace headroom::controller::test
