#include "kube/backoff.h"

#include <gtest/gtest.h>

namespace headroom::kube {
namespace {

using base::Milliseconds;

TEST(Backoff, GrowsFromUnderASecondToHalfAMinuteAndStaysThere) {
  Backoff backoff(7);
  Milliseconds floor(800);
  for (int i = 0; i < 12; ++i) {
    const Milliseconds delay = backoff.next();
    EXPECT_GE(delay, std::min(floor, Milliseconds(30'000))) << "try " << i;
    EXPECT_LE(delay, std::min(floor * 2, Milliseconds(30'000))) << "try " << i;
    floor = std::min(floor * 2, Milliseconds(30'000));
  }
}

TEST(Backoff, ASuccessBeginsAgainFromTheStart) {
  Backoff backoff(7);
  for (int i = 0; i < 5; ++i) static_cast<void>(backoff.next());
  backoff.reset();
  EXPECT_LE(backoff.next(), Milliseconds(1'600));
}

TEST(Backoff, TwoClientsDoNotReturnTogether) {
  EXPECT_NE(Backoff(1).next(), Backoff(2).next());
}

}  // namespace
}  // namespace headroom::kube
