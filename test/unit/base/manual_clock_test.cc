#include "base/manual_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace headroom::base {
namespace {

TEST(ManualClock, AdvancingMovesBothTimesByTheSameAmount) {
  ManualClock clock;
  const MonoTime mono = clock.mono_now();
  const WallTime wall = clock.wall_now();
  clock.advance(Seconds(90));
  EXPECT_EQ(clock.mono_now() - mono, Seconds(90));
  EXPECT_EQ(clock.wall_now() - wall, Seconds(90));
}

TEST(ManualClock, AWaiterWakesWhenItsDeadlineIsPassed) {
  ManualClock clock;
  WaitResult result = WaitResult::stop_requested;
  std::jthread waiter(
      [&](std::stop_token stop) { result = clock.wait_until(clock.mono_now() + Seconds(10), std::move(stop)); });
  clock.await_waiters(1);
  clock.advance(Seconds(10));
  waiter.join();
  EXPECT_EQ(result, WaitResult::deadline_reached);
}

TEST(ManualClock, AStopWakesAWaiterBeforeItsDeadline) {
  ManualClock clock;
  WaitResult result = WaitResult::deadline_reached;
  std::jthread waiter(
      [&](std::stop_token stop) { result = clock.wait_until(clock.mono_now() + Seconds(10), std::move(stop)); });
  clock.await_waiters(1);
  waiter.request_stop();
  waiter.join();
  EXPECT_EQ(result, WaitResult::stop_requested);
}

}  // namespace
}  // namespace headroom::base
