#include "telemetry/poll_queue.h"

#include <gtest/gtest.h>

namespace headroom::telemetry {
namespace {

using std::chrono::milliseconds;

base::MonoTime at(int ms) {
  return base::MonoTime(milliseconds(1'000'000 + ms));
}
constexpr milliseconds kInterval{5'000};

TEST(PollQueue, ANewJobIsDueAtOnceAndThenEveryInterval) {
  PollQueue queue(4);
  queue.add(1, kInterval, at(0));
  EXPECT_EQ(queue.take(at(0)), 1U);
  EXPECT_EQ(queue.take(at(0)), std::nullopt) << "in flight";
  queue.done(1, PollOutcome::good, at(100));
  EXPECT_FALSE(queue.ready(at(4'999)));
  EXPECT_EQ(queue.take(at(5'000)), 1U);
}

TEST(PollQueue, TheOneThatWaitedLongestGoesFirst) {
  PollQueue queue(4);
  queue.add(1, kInterval, at(10));
  queue.add(2, kInterval, at(0));
  EXPECT_EQ(queue.take(at(20)), 2U);
  EXPECT_EQ(queue.take(at(20)), 1U);
}

TEST(PollQueue, AfterAStallThereIsNoBurst) {
  PollQueue queue(4);
  queue.add(1, kInterval, at(0));
  (void)queue.take(at(0));
  queue.done(1, PollOutcome::good, at(60'000));
  EXPECT_FALSE(queue.ready(at(62'499)));
  EXPECT_TRUE(queue.ready(at(62'500)));
}

TEST(PollQueue, AFailingJobIsAskedAsOftenAsTheOthersWhereThereIsRoom) {
  PollQueue queue(4);
  queue.add(1, kInterval, at(0));
  for (int now = 0; now <= 60'000; now += 5'000) {
    ASSERT_EQ(queue.take(at(now)), 1U);
    queue.done(1, PollOutcome::failed, at(now));
    EXPECT_FALSE(queue.ready(at(now + 4'999)));
  }
}

TEST(PollQueue, SuspectsNeverHoldMoreThanHalf) {
  PollQueue queue(4);
  for (JobId id = 1; id <= 10; ++id) queue.add(id, kInterval, at(0));
  for (JobId id = 1; id <= 10; ++id) {
    (void)queue.take(at(0));
    queue.done(id, PollOutcome::failed, at(0));
  }
  queue.add(11, kInterval, at(6'000));
  EXPECT_TRUE(queue.take(at(6'000)));
  EXPECT_TRUE(queue.take(at(6'000)));
  EXPECT_EQ(queue.take(at(6'000)), 11U) << "a healthy one passes the waiting suspects";
  EXPECT_EQ(queue.take(at(6'000)), std::nullopt);
}

TEST(PollQueue, ARemovedSuspectGivesItsPlaceBackWhenItEnds) {
  PollQueue queue(2);
  queue.add(1, kInterval, at(0));
  queue.add(2, kInterval, at(0));
  for (const JobId id : {1U, 2U}) {
    (void)queue.take(at(0));
    queue.done(id, PollOutcome::failed, at(0));
  }
  const auto running = queue.take(at(5'000));
  ASSERT_TRUE(running);
  EXPECT_EQ(queue.take(at(5'000)), std::nullopt);
  queue.remove(*running);
  EXPECT_EQ(queue.take(at(5'000)), std::nullopt);
  queue.done(*running, PollOutcome::failed, at(6'000));
  EXPECT_TRUE(queue.take(at(6'000)));
}

TEST(PollQueue, ARemovedJobIsNeverTaken) {
  PollQueue queue(2);
  queue.add(1, kInterval, at(0));
  queue.remove(1);
  queue.remove(7);
  EXPECT_EQ(queue.take(at(0)), std::nullopt);
}

}  // namespace
}  // namespace headroom::telemetry
