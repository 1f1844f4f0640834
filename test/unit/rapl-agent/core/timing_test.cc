#include "rapl-agent/core/timing.h"

#include <gtest/gtest.h>

namespace headroom::rapl_agent::core {
namespace {

using base::Milliseconds;

TEST(Timing, rigs_run_at_a_twentieth) {
  const Timing rig = scaled(Timing{}, 20);
  EXPECT_EQ(rig.tick, Milliseconds(50));
  EXPECT_EQ(rig.heartbeat_ttl, Milliseconds(1'000));
  EXPECT_EQ(rig.grace, Milliseconds(15'000));
  EXPECT_EQ(rig.frozen, Milliseconds(500));
}

TEST(Timing, no_interval_becomes_zero) {
  EXPECT_EQ(scaled(Timing{}, 1'000).first_retry, Milliseconds(1));
}

TEST(Timing, the_defaults_are_those_that_the_controller_counts_on) {
  const Timing timing;
  EXPECT_EQ(timing.heartbeat_ttl, Milliseconds(20'000));
  EXPECT_EQ(timing.grace, Milliseconds(300'000));
  EXPECT_EQ(timing.verify, Milliseconds(5'000));
}

}  // namespace
}  // namespace headroom::rapl_agent::core
