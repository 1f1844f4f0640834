#include "rapl-agent/core/domain_meter.h"

#include <gtest/gtest.h>

namespace headroom::rapl_agent::core {
namespace {

using base::joules;
using base::Seconds;
using base::watts;

class DomainMeterTest : public testing::Test {
 protected:
  // RAPL's usual range and a 150 W package.
  static constexpr std::int64_t kRange = 262'143;
  void take(std::int64_t counter, Seconds later = Seconds(1)) {
    now_ += later;
    meter_.take({Outcome::ok, 0, joules(counter), {}, {}}, {joules(kRange), watts(150)}, now_);
  }
  std::uint64_t discarded(const std::string& reason) {
    const auto found = meter_.discarded().find(reason);
    return found == meter_.discarded().end() ? 0 : found->second;
  }

  base::MonoTime now_{Seconds(100)};
  DomainMeter meter_{Timing{}};
};

class DomainMeterFaults : public DomainMeterTest {};

TEST_F(DomainMeterTest, two_readings_make_watts) {
  take(1'000);
  EXPECT_FALSE(meter_.power());
  take(1'100);
  EXPECT_EQ(meter_.power(), watts(100));
  EXPECT_EQ(meter_.total(), joules(100));
}

TEST_F(DomainMeterFaults, Fault_energy_wrap_keeps_joules_continuous) {
  take(kRange - 60);
  take(40);
  EXPECT_EQ(meter_.power(), watts(100));
  EXPECT_EQ(meter_.wraps(), 1u);
  EXPECT_EQ(meter_.total(), joules(100));
}

TEST_F(DomainMeterFaults, Fault_double_wrap_gap_gives_no_spike) {
  take(1'000);
  take(2'000, Seconds(3'600));
  EXPECT_FALSE(meter_.power());
  EXPECT_EQ(meter_.total(), base::Energy{});
  EXPECT_EQ(discarded("gap"), 1u);
  take(2'100);
  EXPECT_EQ(meter_.power(), watts(100)) << "the next pair is good again";
}

TEST_F(DomainMeterFaults, Fault_energy_goes_back_is_a_new_start) {
  take(100'000);
  take(5);
  EXPECT_FALSE(meter_.power());
  EXPECT_EQ(meter_.wraps(), 0u);
  EXPECT_EQ(discarded("reset"), 1u);
  take(105);
  EXPECT_EQ(meter_.power(), watts(100));
  EXPECT_EQ(meter_.total(), joules(100));
}

TEST_F(DomainMeterFaults, Fault_energy_frozen_is_stale_after_ten_seconds) {
  take(1'000);
  take(1'100);
  for (int i = 0; i < 9; ++i) take(1'100);
  EXPECT_EQ(meter_.power(), watts(0));
  take(1'100);
  EXPECT_FALSE(meter_.power()) << "0 W for ten seconds is no demand";
  EXPECT_GE(discarded("frozen"), 1u);
  take(1'200);
  EXPECT_EQ(meter_.power(), watts(100));
}

TEST_F(DomainMeterFaults, Fault_suspend_starts_anew) {
  take(1'000);
  meter_.rebase();
  take(90);
  EXPECT_FALSE(meter_.power());
  EXPECT_EQ(meter_.total(), base::Energy{});
  EXPECT_TRUE(meter_.discarded().empty());
}

TEST_F(DomainMeterFaults, Fault_energy_EINVAL_skips_the_sample_and_is_counted) {
  take(1'000);
  now_ += Seconds(1);
  meter_.take({Outcome::invalid, 22, {}, {}, {}}, {joules(kRange), watts(150)}, now_);
  EXPECT_FALSE(meter_.power());
  EXPECT_EQ(meter_.read_errors().at("invalid/22"), 1u);
  take(1'200);
  EXPECT_EQ(meter_.power(), watts(100)) << "over both seconds";
}

TEST_F(DomainMeterTest, more_than_the_domain_can_draw_is_no_sample) {
  take(1'000);
  take(1'400);
  EXPECT_FALSE(meter_.power());
  EXPECT_EQ(discarded("implausible"), 1u);
  meter_.take({Outcome::ok, 0, {}, watts(9'999), {}}, {{}, watts(150)}, now_);
  EXPECT_EQ(discarded("implausible"), 2u);
}

TEST(SlidingP95, forgets_and_takes_the_upper_end) {
  SlidingP95 window{Seconds(100)};
  EXPECT_FALSE(window.value());
  base::MonoTime now{Seconds(0)};
  for (int i = 1; i <= 100; ++i) window.add(watts(i), now += Seconds(1));
  EXPECT_EQ(window.value(), watts(96));
  window.forget_before(now + Seconds(200));
  EXPECT_FALSE(window.value());
}

TEST(ReserveOf, takes_the_larger_of_order_and_meter_and_configuration_only_without_both) {
  EXPECT_EQ(reserve_of(watts(100), watts(60), watts(500)).power, watts(100));
  EXPECT_EQ(reserve_of(watts(100), watts(100), watts(500)).power, watts(105));
  EXPECT_EQ(reserve_of(watts(100), watts(100), watts(500)).basis, "meter");
  EXPECT_EQ(reserve_of(watts(100), {}, watts(90)).basis, "order");
  EXPECT_EQ(reserve_of(watts(0), {}, watts(90)).power, watts(90)) << "an order without a reserve";
  EXPECT_EQ(reserve_of(watts(0), {}, watts(90)).basis, "config");
  EXPECT_EQ(reserve_of({}, {}, watts(500)).power, watts(500));
  EXPECT_EQ(reserve_of({}, {}, watts(500)).basis, "config");
}

}  // namespace
}  // namespace headroom::rapl_agent::core
