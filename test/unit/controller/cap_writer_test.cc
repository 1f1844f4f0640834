// Fencing: which orders leave, what they carry, and what becomes of them when something else has happened meanwhile.
#include "controller/cap_writer.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/manual_clock.h"
#include "test/unit/controller/cap_fakes.h"

namespace headroom::controller::test {
namespace {

using base::watts;

constexpr base::Milliseconds kCall{3'000};

class CapWriting : public testing::Test {
 protected:
  // As a leader that has just taken over what is stored.
  void lead(std::int32_t transitions = 4) { book.begin(*store.list(), transitions, clock.mono_now()); }
  // The mirror shows what is stored.
  void mirror() {
    std::vector<CapBook::Cap> caps;
    for (const auto& [name, made] : store.stored) caps.push_back(std::make_shared<const model::NodePowerCap>(made));
    book.mirrored(caps, clock.mono_now());
  }
  WriteOutcome write(const std::string& node, std::int64_t budget) {
    CapTarget target{node, "node-uid", watts(1000), {}};
    target.spec.budget = watts(budget);
    return writer.write(book, target);
  }
  const model::NodePowerCapSpec& last() { return store.orders.back().cap.spec; }

  base::ManualClock clock{base::WallTime(base::Seconds(1'800'000'000))};
  FakeCapStore store;
  FakeTenure tenure;
  CapBook book;
  CapWriter writer{store, tenure, clock, kCall};
};

TEST_F(CapWriting, TheEpochIsAboveTheElectionAndEveryObject) {
  lead(7);
  EXPECT_EQ(book.epoch(), 8);
  store.put(cap("n1", {30, 2}, 500));
  lead(7);
  EXPECT_EQ(book.epoch(), 31);
  lead(40);
  EXPECT_EQ(book.epoch(), 41);
}

TEST_F(CapWriting, SequencesGrowOverAllNodes) {
  lead();
  EXPECT_EQ(write("n1", 500), WriteOutcome::written);
  EXPECT_EQ(last().stamp, (model::CapStamp{5, 1}));
  EXPECT_EQ(write("n2", 500), WriteOutcome::written);
  EXPECT_EQ(last().stamp, (model::CapStamp{5, 2}));
  EXPECT_EQ(write("n1", 400), WriteOutcome::written);
  EXPECT_EQ(last().stamp, (model::CapStamp{5, 3}));
}

TEST_F(CapWriting, OnlyWhatIsNotThereIsCreatedAndUpdatesCarryWhatWasRead) {
  lead();
  EXPECT_EQ(write("n1", 500), WriteOutcome::written);
  EXPECT_TRUE(store.orders[0].create);
  EXPECT_EQ(store.orders[0].node_uid, "node-uid");
  EXPECT_EQ(write("n1", 400), WriteOutcome::written);
  EXPECT_FALSE(store.orders[1].create);
  EXPECT_EQ(store.orders[1].cap.uid, "uid-n1");
  EXPECT_EQ(store.orders[1].cap.resource_version, "v1");
}

TEST_F(CapWriting, AWriteCountsBeforeTheMirrorShowsIt) {
  store.put(in_force(cap("n1", {2, 1}, 300)));
  lead();
  const auto before = store.stored;
  EXPECT_EQ(write("n1", 800), WriteOutcome::written);
  book.mirrored({std::make_shared<const model::NodePowerCap>(before.at("n1"))}, clock.mono_now());
  EXPECT_EQ(book.current("n1")->spec.budget, watts(800));
  clock.advance(base::Seconds(3600));
  book.mirrored({std::make_shared<const model::NodePowerCap>(before.at("n1"))}, clock.mono_now());
  EXPECT_EQ(book.current("n1")->spec.budget, watts(800)) << "a mirror that hangs never takes a write back";
}

TEST_F(CapWriting, WhatTheAgentMayStillBeDoingIsCarriedAlong) {
  store.put(in_force(cap("n1", {2, 1}, 300)));
  lead();
  EXPECT_EQ(write("n1", 800), WriteOutcome::written);
  EXPECT_EQ(last().unacknowledged_budget, std::nullopt) << "300 was acknowledged";
  EXPECT_EQ(write("n1", 250), WriteOutcome::written);
  EXPECT_EQ(last().unacknowledged_budget, watts(800));
  EXPECT_EQ(write("n1", 260), WriteOutcome::written);
  EXPECT_EQ(last().unacknowledged_budget, watts(800)) << "still nothing heard of";
  store.put(in_force(store.stored.at("n1")));
  mirror();
  book.stored(store.stored.at("n1"), clock.mono_now());
  EXPECT_EQ(write("n1", 200), WriteOutcome::written);
  EXPECT_EQ(last().unacknowledged_budget, std::nullopt);
}

TEST_F(CapWriting, AnOrderWithoutABudgetMayStillAllowTheClassMaximum) {
  auto open = cap("n1", {2, 1}, 1);
  open.spec.budget.reset();
  store.put(open);
  lead();
  EXPECT_EQ(write("n1", 500), WriteOutcome::written);
  EXPECT_EQ(last().unacknowledged_budget, watts(1000));
}

TEST_F(CapWriting, AStatusWrittenMeanwhileDoesNotStopAnOrder) {
  store.put(in_force(cap("n1", {2, 1}, 300)));
  lead();
  auto moved = store.stored.at("n1");
  moved.resource_version = "99";
  store.put(moved);
  store.write_errors = {base::conflict("changed")};
  EXPECT_EQ(write("n1", 250), WriteOutcome::written);
  ASSERT_EQ(store.orders.size(), 2U);
  EXPECT_EQ(store.orders[1].cap.resource_version, "99");
  EXPECT_EQ(last().stamp, (model::CapStamp{5, 1})) << "the same order";
}

TEST_F(CapWriting, WhatAnEarlierLeaderWroteInTheLastMomentIsDecidedAnew) {
  store.put(in_force(cap("n1", {2, 1}, 300)));
  lead();
  store.put(cap("n1", {2, 2}, 800));  // landed after the list
  store.write_errors = {base::conflict("changed")};
  EXPECT_EQ(write("n1", 250), WriteOutcome::later);
  EXPECT_EQ(book.current("n1")->spec.budget, watts(800));
  EXPECT_EQ(write("n1", 250), WriteOutcome::written);
  EXPECT_EQ(last().unacknowledged_budget, watts(800));
}

TEST_F(CapWriting, ALaterLeaderEndsIt) {
  store.put(cap("n1", {2, 1}, 300));
  lead();
  store.put(cap("n1", {6, 1}, 400));
  store.write_errors = {base::invalid_input("epoch and sequence must be larger")};
  EXPECT_EQ(write("n1", 250), WriteOutcome::outranked);
}

TEST_F(CapWriting, ARecreatedObjectIsNotPatchedOnWhatWasKnownOfTheFirst) {
  store.put(in_force(cap("n1", {2, 1}, 300)));
  lead();
  auto other = cap("n1", {2, 1}, 300);
  other.uid = "uid-other";
  store.put(other);
  store.write_errors = {base::conflict("uid")};
  EXPECT_EQ(write("n1", 250), WriteOutcome::later);
  EXPECT_EQ(store.orders.size(), 1U);
  EXPECT_EQ(write("n1", 250), WriteOutcome::written);
  EXPECT_EQ(store.orders[1].cap.uid, "uid-other");
}

TEST_F(CapWriting, ADeletedObjectIsCreatedAnewInTheNextRound) {
  store.put(in_force(cap("n1", {2, 1}, 300)));
  lead();
  mirror();
  store.stored.clear();
  store.write_errors = {base::not_found("gone")};
  EXPECT_EQ(write("n1", 250), WriteOutcome::later);
  EXPECT_EQ(book.current("n1"), nullptr);
  EXPECT_EQ(write("n1", 250), WriteOutcome::written);
  EXPECT_TRUE(store.orders.back().create);
}

TEST_F(CapWriting, AWriteThatNobodyKnowsOfCountsUntilALaterOrderStands) {
  store.put(in_force(cap("n1", {2, 1}, 300)));
  lead();
  store.write_errors = {base::unavailable("timeout")};
  EXPECT_EQ(write("n1", 800), WriteOutcome::unreachable);
  EXPECT_EQ(book.in_flight("n1"), watts(800));
  mirror();
  EXPECT_EQ(book.in_flight("n1"), watts(800)) << "the mirror shows the order before";
  EXPECT_EQ(write("n1", 280), WriteOutcome::written);
  EXPECT_EQ(book.in_flight("n1"), std::nullopt) << "it cannot arrive any more";
  EXPECT_EQ(last().unacknowledged_budget, watts(800)) << "but it may have, before";
}

TEST_F(CapWriting, NothingIsWrittenThatCouldOutlastTheTerm) {
  lead();
  tenure.now = Term{4, clock.mono_now() + kCall - base::Milliseconds(1)};
  EXPECT_EQ(write("n1", 500), WriteOutcome::term_over);
  tenure.now.reset();
  EXPECT_EQ(write("n1", 500), WriteOutcome::term_over);
  EXPECT_TRUE(store.orders.empty());
  tenure.now = Term{4, clock.mono_now() + kCall};
  EXPECT_EQ(write("n1", 500), WriteOutcome::written);
}

TEST_F(CapWriting, ADeletedObjectThatTheMirrorForgetsIsBelievedAfterAWhile) {
  lead();
  EXPECT_EQ(write("n1", 500), WriteOutcome::written);
  book.mirrored({}, clock.mono_now());
  EXPECT_NE(book.current("n1"), nullptr) << "the watch may be late";
  clock.advance(base::Seconds(20));
  book.mirrored({}, clock.mono_now());
  EXPECT_EQ(book.current("n1"), nullptr);
  EXPECT_EQ(book.in_flight("n1"), watts(500)) << "its agent may still hold it";
}

}  // namespace
}  // namespace headroom::controller::test
