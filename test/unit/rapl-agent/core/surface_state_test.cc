// How trouble with one control goes on: which Health, when it is tried again, what ends it.
#include "rapl-agent/core/surface_state.h"

#include <gtest/gtest.h>

#include "test/support/table.h"

namespace headroom::rapl_agent::core {
namespace {

using base::Milliseconds;
using base::Seconds;
using Doing = SurfaceState::Doing;

Control rapl() {
  Control control;
  control.fields = {Field::long_term_limit, Field::enabled};
  return control;
}

FieldValues reads(std::uint64_t watts, std::uint64_t enabled = 1) {
  FieldValues values;
  values.set(Field::long_term_limit, watts * 1'000'000);
  values.set(Field::enabled, enabled);
  return values;
}

struct Row {
  const char* name;
  Outcome outcome;
  Health first;
  Milliseconds first_retry;
  Health third;
  Milliseconds third_retry;
};

class WriteTrouble : public testing::TestWithParam<Row> {};

TEST_P(WriteTrouble, goes_on_as_the_table_says) {
  const Timing timing;
  const Row& row = GetParam();
  SurfaceState surface(rapl());
  base::MonoTime now{Seconds(100)};
  surface.failed({row.outcome, 0, 5, {}}, Doing::lowering, now, timing);
  EXPECT_EQ(surface.health(), row.first);
  EXPECT_FALSE(surface.reliable());
  EXPECT_EQ(surface.retry_at(), now + row.first_retry);
  for (int i = 0; i < 2; ++i) {
    now = *surface.retry_at();
    surface.failed({row.outcome, 0, 5, {}}, Doing::lowering, now, timing);
  }
  EXPECT_EQ(surface.health(), row.third);
  EXPECT_EQ(surface.retry_at(), now + row.third_retry);
  EXPECT_NE(surface.detail().find("(5)"), std::string::npos);
}

constexpr Timing kTiming;
INSTANTIATE_TEST_SUITE_P(
    Table, WriteTrouble,
    testing::Values(
        Row{"Fault_locked_msr is given three tries over ten seconds", Outcome::locked, Health::ok, kTiming.locked_retry,
            Health::readonly, kTiming.permission_retry},
        Row{"an I O error is tried again soon", Outcome::transient, Health::ok, kTiming.first_retry, Health::mismatch,
            kTiming.contested_retry},
        Row{"a lacking right is not tried again soon", Outcome::no_permission, Health::readonly,
            kTiming.permission_retry, Health::readonly, kTiming.permission_retry},
        Row{"nor is a read only mount", Outcome::read_only, Health::readonly, kTiming.permission_retry,
            Health::readonly, kTiming.permission_retry},
        Row{"a hang is over when it is over", Outcome::hung, Health::hung, kTiming.tick, Health::hung, kTiming.tick},
        Row{"what is lost is looked for", Outcome::lost, Health::lost, kTiming.verify, Health::lost, kTiming.verify},
        Row{"a device in reset is asked every second", Outcome::busy, Health::ok, kTiming.busy_retry, Health::ok,
            kTiming.busy_retry},
        Row{"a refused value is asked once more after listing again", Outcome::invalid, Health::ok, kTiming.first_retry,
            Health::mismatch, kTiming.permission_retry},
        Row{"what the hardware cannot it cannot", Outcome::unsupported, Health::unsupported, kTiming.permission_retry,
            Health::unsupported, kTiming.permission_retry}),
    headroom::test::RowName());

class SurfaceTest : public testing::Test {
 protected:
  void wrote(ReadBack verdict) { surface_.wrote(verdict, now_, timing_); }
  void verify(std::uint64_t watts, ReadBack verdict) {
    surface_.read = reads(watts);
    surface_.read_works();
    surface_.drifted(verdict, now_, timing_);
  }

  Timing timing_;
  SurfaceState surface_{rapl()};
  base::MonoTime now_{Seconds(100)};
};

TEST_F(SurfaceTest, a_device_in_reset_for_a_minute_is_broken) {
  for (int i = 0; i <= 60; ++i) {
    surface_.failed({Outcome::busy, 0, 1, {}}, Doing::lowering, now_, timing_);
    now_ += Seconds(1);
  }
  EXPECT_EQ(surface_.health(), Health::mismatch);
}

TEST_F(SurfaceTest, an_ignored_write_is_tried_twice_more) {
  wrote(ReadBack::too_high);
  EXPECT_EQ(surface_.retry_at(), now_ + timing_.first_retry);
  wrote(ReadBack::too_high);
  EXPECT_EQ(surface_.retry_at(), now_ + timing_.second_retry);
  EXPECT_EQ(surface_.health(), Health::ok);
  wrote(ReadBack::too_high);
  EXPECT_EQ(surface_.health(), Health::mismatch);
  wrote(ReadBack::as_asked);
  EXPECT_EQ(surface_.health(), Health::ok);
  EXPECT_TRUE(surface_.reliable());
}

TEST_F(SurfaceTest, reads_do_not_end_trouble_with_writing) {
  surface_.failed({Outcome::locked, 0, 61, {}}, Doing::lowering, now_, timing_);
  verify(125, ReadBack::as_asked);
  EXPECT_FALSE(surface_.reliable()) << "the three tries go on";
}

TEST_F(SurfaceTest, reads_that_work_end_trouble_with_reading) {
  surface_.failed({Outcome::garbage, 0, 0, {}}, Doing::reading, now_, timing_);
  verify(125, ReadBack::as_asked);
  EXPECT_TRUE(surface_.reliable());
  surface_.failed({Outcome::hung, 0, 0, {}}, Doing::lowering, now_, timing_);
  EXPECT_EQ(surface_.health(), Health::hung);
  verify(125, ReadBack::as_asked);
  EXPECT_TRUE(surface_.reliable()) << "the late call has come back";
}

TEST_F(SurfaceTest, a_raise_that_failed_leaves_the_control_reliable) {
  surface_.read = reads(100);
  surface_.failed({Outcome::transient, 0, 5, {}}, Doing::raising, now_, timing_);
  EXPECT_TRUE(surface_.reliable());
  EXPECT_TRUE(surface_.due_to_lower(now_));
  EXPECT_FALSE(surface_.due(now_));
}

TEST_F(SurfaceTest, a_clamp_upwards_becomes_the_firmwares_floor) {
  surface_.read = reads(60);
  wrote(ReadBack::clamped_up);
  EXPECT_EQ(surface_.firmware_floor(), base::watts(60));
  EXPECT_TRUE(surface_.reliable());
}

TEST_F(SurfaceTest, a_lower_value_of_somebody_else_is_respected_for_a_minute) {
  verify(70, ReadBack::lower);
  EXPECT_EQ(surface_.foreign_ceiling(now_), base::watts(70));
  EXPECT_EQ(surface_.external_changes(), 1u);
  now_ += Seconds(30);
  verify(70, ReadBack::lower);
  EXPECT_EQ(surface_.external_changes(), 1u) << "the same change";
  now_ += Seconds(30);
  EXPECT_FALSE(surface_.foreign_ceiling(now_));
}

TEST_F(SurfaceTest, a_control_that_is_raised_again_and_again_is_contested_and_written_seldom) {
  int reasserts = 0;
  for (int second = 0; second < 120; second += 5, now_ += Seconds(5)) {
    verify(125, ReadBack::too_high);
    if (!surface_.due(now_)) continue;
    ++reasserts;
    surface_.read = reads(100);
    wrote(ReadBack::as_asked);
  }
  EXPECT_EQ(surface_.health(), Health::contested);
  EXPECT_LE(reasserts, 9) << "five at once, then one every 30 s";
  EXPECT_EQ(surface_.external_changes(), 24u);
}

TEST_F(SurfaceTest, a_contest_ends_when_the_other_gives_up) {
  for (int i = 0; i < 6; ++i, now_ += Seconds(5)) verify(125, ReadBack::too_high);
  ASSERT_EQ(surface_.health(), Health::contested);
  now_ += timing_.contest_span;
  verify(100, ReadBack::as_asked);
  EXPECT_EQ(surface_.health(), Health::ok);
}

TEST_F(SurfaceTest, what_left_and_came_back_is_tried_at_once) {
  surface_.lost("is no longer there");
  EXPECT_EQ(surface_.health(), Health::lost);
  EXPECT_TRUE(surface_.away());
  surface_.returned(now_);
  EXPECT_TRUE(surface_.due(now_));
  verify(125, ReadBack::too_high);
  EXPECT_EQ(surface_.health(), Health::ok) << "to be written again";
}

TEST_F(SurfaceTest, a_disabled_limit_enforces_nothing) {
  surface_.read = reads(100, 0);
  EXPECT_FALSE(surface_.enforced());
  surface_.read = reads(100, 1);
  EXPECT_EQ(surface_.enforced(), base::watts(100));
}

}  // namespace
}  // namespace headroom::rapl_agent::core
