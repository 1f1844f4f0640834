#include <gtest/gtest.h>

#include <optional>

#include "kube/election.h"

namespace headroom::kube {
namespace {

using base::MonoTime;
using base::Seconds;
using base::WallTime;
using Step = ElectionRules::Step;

ElectionOptions options() {
  ElectionOptions options;
  options.ns = "ns";
  options.name = "lease";
  options.identity = "me";
  return options;
}

MonoTime at(int seconds) {
  return MonoTime(Seconds(1'000 + seconds));
}
WallTime wall(int seconds) {
  return WallTime(Seconds(1'800'000'000 + seconds));
}

Lease held_by(const std::string& holder, int renewed) {
  Lease lease;
  lease.ns = "ns";
  lease.name = "lease";
  lease.resource_version = std::to_string(renewed);
  lease.holder = holder;
  lease.renewed = wall(renewed);
  lease.transitions = 3;
  return lease;
}

TEST(ElectionRules, CreatesALeaseThatDoesNotExist) {
  ElectionRules rules(options());
  EXPECT_EQ(rules.next(std::nullopt, at(0)), Step::create);
  const Lease lease = rules.to_write(Step::create, std::nullopt, wall(0));
  EXPECT_EQ(lease.holder, "me");
  EXPECT_EQ(lease.duration, Seconds(15));
  EXPECT_EQ(lease.acquired, wall(0));
  EXPECT_EQ(lease.transitions, 0);
}

TEST(ElectionRules, AnotherHoldersExpiryIsJudgedByOurOwnClockAlone) {
  ElectionRules rules(options());
  // Written an hour ago by the other's clock, which may be wrong: it counts from when we first saw it.
  const Lease stale = held_by("other", -3'600);
  EXPECT_EQ(rules.next(stale, at(0)), Step::wait);
  EXPECT_EQ(rules.next(stale, at(14)), Step::wait);
  EXPECT_EQ(rules.next(stale, at(15)), Step::take);
}

TEST(ElectionRules, EveryRenewalSeenStartsTheWaitAnew) {
  ElectionRules rules(options());
  EXPECT_EQ(rules.next(held_by("other", 0), at(0)), Step::wait);
  EXPECT_EQ(rules.next(held_by("other", 2), at(14)), Step::wait);
  EXPECT_EQ(rules.next(held_by("other", 2), at(28)), Step::wait);
  EXPECT_EQ(rules.next(held_by("other", 2), at(29)), Step::take);
}

TEST(ElectionRules, AReleasedLeaseIsTakenAtOnce) {
  ElectionRules rules(options());
  EXPECT_EQ(rules.next(held_by("", 0), at(0)), Step::take);
}

TEST(ElectionRules, TakingCountsATransitionAndRenewingDoesNot) {
  const ElectionRules rules(options());
  EXPECT_EQ(rules.to_write(Step::take, held_by("other", 0), wall(20)).transitions, 4);
  const Lease renewed = rules.to_write(Step::renew, held_by("me", 0), wall(20));
  EXPECT_EQ(renewed.transitions, 3);
  EXPECT_EQ(renewed.renewed, wall(20));
}

TEST(ElectionRules, AWriteCarriesTheVersionThatWasReadSoThatTwoCannotTakeIt) {
  const ElectionRules rules(options());
  EXPECT_EQ(rules.to_write(Step::take, held_by("other", 7), wall(20)).resource_version, "7");
}

TEST(ElectionRules, ALeaderStopsActingBeforeOthersMayTakeOver) {
  ElectionRules rules(options());
  EXPECT_FALSE(rules.leads(at(0)));
  rules.written(held_by("me", 0), at(0));
  EXPECT_TRUE(rules.leads(at(9)));
  EXPECT_FALSE(rules.leads(at(10)));
  // Another one that saw our last renewal at the same moment waits until here.
  ElectionRules other(options());
  EXPECT_EQ(other.next(held_by("someone", 0), at(0)), Step::wait);
  EXPECT_EQ(other.next(held_by("someone", 0), at(14)), Step::wait);
}

TEST(ElectionRules, SeeingAnotherHolderEndsLeadershipAtOnce) {
  ElectionRules rules(options());
  rules.written(held_by("me", 0), at(0));
  EXPECT_EQ(rules.next(held_by("other", 1), at(1)), Step::wait);
  EXPECT_FALSE(rules.leads(at(1)));
}

TEST(ElectionRules, ALongerLeaseOfAnotherVersionIsRespected) {
  ElectionRules rules(options());
  Lease longer = held_by("other", 0);
  longer.duration = Seconds(60);
  EXPECT_EQ(rules.next(longer, at(0)), Step::wait);
  EXPECT_EQ(rules.next(longer, at(59)), Step::wait);
  EXPECT_EQ(rules.next(longer, at(60)), Step::take);
}

}  // namespace
}  // namespace headroom::kube
