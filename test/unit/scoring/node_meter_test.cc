#include "scoring/node_meter.h"

#include <gtest/gtest.h>

#include <cmath>

#include "test/support/cluster_builder.h"

namespace headroom::scoring {
namespace {

using base::Seconds;
using base::watts;
using model::PowerScope;
using test::kStart;

// One node's meter, driven second by second.
class Meter {
 public:
  explicit Meter(std::optional<std::int64_t> max = std::nullopt, std::int64_t devices = 0) : devices_(devices) {
    if (max) max_ = watts(*max);
  }
  Meter& wait(std::int64_t seconds) { return now_ += Seconds(seconds), step(); }
  Meter& sample(std::int64_t value, PowerScope scope = PowerScope::wall, model::Grade grade = model::Grade::measured) {
    model::PowerReading reading;
    reading.power = watts(value);
    reading.window_start = now_ - Seconds(1);
    reading.window_end = now_;
    reading.grade = grade;
    if (scope == PowerScope::gpu) reading.devices = read_devices;
    telemetry_.of(scope) = reading;
    return step();
  }
  Meter& step() { return meter_ = observe(meter_, &telemetry_, {settings_, max_, devices_}, now_), *this; }
  Meter& forgotten() { return meter_ = observe(meter_, nullptr, {settings_, max_, devices_}, now_), *this; }

  [[nodiscard]] Measured measured() const { return measure(meter_, uncovered, {{now_, Seconds(60)}, settings_}); }
  [[nodiscard]] double power() const { return base::to_watts(measured().power); }
  [[nodiscard]] double at_least() const { return base::to_watts(measured().at_least); }
  [[nodiscard]] const NodeMeter& state() const { return meter_; }
  [[nodiscard]] std::optional<base::WallTime> window() const { return window_start_of(meter_, {now_, Seconds(60)}); }
  [[nodiscard]] base::WallTime now() const { return now_; }
  model::NodeTelemetry& telemetry() { return telemetry_; }

  Uncovered uncovered{.overhead = watts(60), .idle = watts(100), .cpu = watts(0), .devices = watts(0)};
  std::uint32_t read_devices = 0;

 private:
  Settings settings_;
  std::optional<base::Power> max_;
  std::int64_t devices_;
  base::WallTime now_ = kStart;
  model::NodeTelemetry telemetry_;
  NodeMeter meter_;
};

TEST(NodeMeter, a_rise_counts_at_once) {
  Meter meter;
  meter.sample(300).wait(1).sample(900);
  EXPECT_DOUBLE_EQ(meter.power(), 900);
}

TEST(NodeMeter, a_fall_is_smoothed_with_a_time_constant_of_five_seconds) {
  Meter meter;
  meter.sample(900).sample(300).wait(5);
  EXPECT_NEAR(meter.power(), 300 + 600 * std::exp(-1.0), 0.01);
  meter.wait(5);
  EXPECT_NEAR(meter.power(), 300 + 600 * std::exp(-2.0), 0.01);
  meter.wait(55);
  EXPECT_NEAR(meter.power(), 300, 0.1);
}

TEST(NodeMeter, a_fall_between_two_steps_at_the_same_instant_changes_nothing) {
  Meter meter;
  meter.sample(900).sample(300);
  EXPECT_DOUBLE_EQ(meter.power(), 900);
}

TEST(NodeMeter, one_sample_above_five_quarters_of_the_maximum_is_ignored) {
  Meter meter(1'000);
  meter.sample(400).wait(1).sample(1'251);
  EXPECT_DOUBLE_EQ(meter.power(), 400);
  EXPECT_FALSE(meter.state().too_large);
  meter.wait(1).sample(500);
  EXPECT_DOUBLE_EQ(meter.power(), 500);
}

TEST(NodeMeter, five_quarters_of_the_maximum_itself_are_believed) {
  Meter meter(1'000);
  meter.sample(1'250);
  EXPECT_DOUBLE_EQ(meter.power(), 1'250);
}

TEST(NodeMeter, three_in_a_row_count_at_face_value_and_flag_the_class) {
  Meter meter(1'000);
  meter.sample(400).wait(1).sample(1'400).wait(1).sample(1'410);
  EXPECT_DOUBLE_EQ(meter.power(), 400);
  meter.wait(1).sample(1'420);
  EXPECT_DOUBLE_EQ(meter.power(), 1'420);
  EXPECT_TRUE(meter.state().too_large);
  meter.wait(1).sample(600);
  EXPECT_FALSE(meter.state().too_large);
}

TEST(NodeMeter, a_plausible_sample_between_two_suspects_starts_the_count_again) {
  Meter meter(1'000);
  for (int i = 0; i < 3; ++i) meter.wait(1).sample(1'400).wait(1).sample(1'400 + i).wait(1).sample(400);
  EXPECT_LT(meter.power(), 401);
}

TEST(NodeMeter, the_same_sample_seen_again_is_not_another_one) {
  Meter meter(1'000);
  meter.sample(400).wait(1).sample(1'400);
  for (int i = 0; i < 10; ++i) meter.wait(1);
  EXPECT_DOUBLE_EQ(meter.power(), 400);
}

TEST(NodeMeter, without_a_maximum_nothing_is_rejected) {
  Meter meter;
  meter.sample(1'000'000'000);
  EXPECT_DOUBLE_EQ(meter.power(), 1'000'000'000);
}

TEST(NodeMeter, a_negative_sample_is_no_sample) {
  Meter meter;
  meter.sample(-5);
  EXPECT_FALSE(meter.measured().ever);
}

TEST(NodeMeter, the_wall_comes_before_psys_and_psys_before_package) {
  Meter meter;
  meter.sample(200, PowerScope::package_dram);
  EXPECT_DOUBLE_EQ(meter.power(), 260);
  meter.sample(230, PowerScope::psys);
  EXPECT_DOUBLE_EQ(meter.power(), 290);
  meter.sample(400, PowerScope::wall);
  EXPECT_DOUBLE_EQ(meter.power(), 400);
}

TEST(NodeMeter, devices_that_no_reading_covers_stay_counted) {
  Meter meter;
  meter.uncovered.devices = watts(5'600);
  meter.sample(500, PowerScope::package_dram);
  EXPECT_DOUBLE_EQ(meter.power(), 500 + 60 + 5'600);
}

TEST(NodeMeter, a_fresh_gpu_reading_replaces_the_devices_peak_in_the_truth_but_not_in_the_books) {
  Meter meter;
  meter.uncovered.devices = watts(5'600);
  meter.sample(500, PowerScope::package_dram).sample(900, PowerScope::gpu);
  EXPECT_DOUBLE_EQ(meter.power(), 500 + 60 + 900);
  EXPECT_DOUBLE_EQ(meter.at_least(), 500 + 60 + 5'600);
}

TEST(NodeMeter, a_gpu_reading_of_fewer_devices_than_the_node_has_covers_nothing) {
  Meter meter(std::nullopt, 8);
  meter.uncovered.devices = watts(5'600);
  meter.read_devices = 4;
  meter.sample(500, PowerScope::package_dram).sample(900, PowerScope::gpu);
  EXPECT_DOUBLE_EQ(meter.power(), 500 + 60 + 5'600);
}

TEST(NodeMeter, gpus_alone_leave_the_cpu_to_the_books) {
  Meter meter;
  meter.uncovered.cpu = watts(250);
  meter.sample(900, PowerScope::gpu);
  EXPECT_DOUBLE_EQ(meter.power(), 100 + 250 + 900);
}

// The rule of the committed watts, over every order in which sources come and go.
TEST(NodeMeter, adding_or_removing_a_partial_source_never_lowers_the_committed_watts) {
  const std::vector<std::pair<PowerScope, std::int64_t>> sources{
      {PowerScope::package_dram, 500}, {PowerScope::psys, 450}, {PowerScope::gpu, 900}};
  std::vector<std::size_t> order{0, 1, 2};
  do {
    Meter meter;
    meter.uncovered = {.overhead = watts(60), .idle = watts(100), .cpu = watts(200), .devices = watts(700)};
    double committed = 0;
    for (const std::size_t i : order) {
      meter.wait(1).sample(sources[i].second, sources[i].first);
      EXPECT_GE(meter.at_least(), committed);
      committed = meter.at_least();
    }
    // All but the last go silent, one after the other; the last keeps the node fresh.
    for (std::size_t gone = 0; gone < 2; ++gone) {
      meter.wait(61);
      for (std::size_t i = gone + 1; i < 3; ++i) meter.sample(sources[order[i]].second, sources[order[i]].first);
      ASSERT_TRUE(meter.measured().fresh);
      EXPECT_GE(meter.at_least(), committed);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(NodeMeter, a_reading_of_unknown_age_raises_and_never_makes_fresh) {
  Meter meter;
  meter.sample(800, PowerScope::wall, model::Grade::age_unknown);
  EXPECT_FALSE(meter.measured().fresh);
  EXPECT_FALSE(meter.measured().ever);
  EXPECT_DOUBLE_EQ(meter.at_least(), 800);
  EXPECT_FALSE(meter.window().has_value());
}

TEST(NodeMeter, a_wall_reading_of_unknown_age_raises_a_fresh_package_reading) {
  Meter meter;
  meter.sample(300, PowerScope::package_dram).sample(800, PowerScope::wall, model::Grade::age_unknown);
  EXPECT_DOUBLE_EQ(meter.power(), 800);
  meter.wait(60)
      .sample(300, PowerScope::package_dram)
      .sample(100, PowerScope::wall, model::Grade::age_unknown)
      .wait(50);
  EXPECT_NEAR(meter.power(), 360, 0.1);
}

TEST(NodeMeter, a_reading_that_covers_less_than_its_scope_never_makes_fresh) {
  Meter meter;
  meter.sample(300, PowerScope::package_dram, model::Grade::partial);
  EXPECT_FALSE(meter.measured().fresh);
  EXPECT_DOUBLE_EQ(meter.at_least(), 360);
}

TEST(NodeMeter, a_sample_from_the_future_is_of_unknown_age) {
  Meter meter;
  meter.sample(300);
  auto& reading = meter.telemetry().of(PowerScope::wall);
  reading->window_end = meter.now() + Seconds(3'600);
  reading->power = watts(50);
  meter.wait(1);
  EXPECT_FALSE(meter.measured().fresh);
  EXPECT_GE(meter.at_least(), 50);
}

TEST(NodeMeter, a_silent_meter_grows_stale_and_keeps_its_last_word) {
  Meter meter;
  meter.sample(800).wait(60);
  EXPECT_TRUE(meter.measured().fresh);
  meter.wait(1);
  EXPECT_FALSE(meter.measured().fresh);
  EXPECT_TRUE(meter.measured().ever);
  EXPECT_DOUBLE_EQ(meter.power(), 800);
  meter.forgotten().wait(100'000);
  EXPECT_DOUBLE_EQ(meter.at_least(), 800);
}

TEST(NodeMeter, a_wall_meter_that_went_silent_bounds_the_books_for_fifteen_minutes) {
  Meter meter;
  meter.sample(800).sample(300, PowerScope::package_dram);
  meter.wait(899).sample(300, PowerScope::package_dram);
  EXPECT_DOUBLE_EQ(meter.power(), 360);
  EXPECT_DOUBLE_EQ(meter.at_least(), 800);
  meter.wait(2).sample(300, PowerScope::package_dram);
  EXPECT_DOUBLE_EQ(meter.at_least(), 360);
}

TEST(NodeMeter, the_last_word_of_a_stale_node_is_that_of_its_newest_source) {
  Meter meter;
  meter.sample(800).sample(300, PowerScope::package_dram);
  meter.wait(2'000).sample(350, PowerScope::package_dram).wait(100);
  EXPECT_FALSE(meter.measured().fresh);
  EXPECT_DOUBLE_EQ(meter.power(), 410);
}

TEST(NodeMeter, the_window_is_that_of_the_wall_or_the_earliest_of_the_parts) {
  Meter meter;
  meter.sample(300, PowerScope::package_dram).wait(7).sample(900, PowerScope::gpu);
  EXPECT_EQ(meter.window(), kStart - Seconds(1));
  meter.sample(1'400);
  EXPECT_EQ(meter.window(), kStart + Seconds(6));
}

}  // namespace
}  // namespace headroom::scoring
