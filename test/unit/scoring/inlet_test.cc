#include "scoring/inlet.h"

#include <gtest/gtest.h>

#include "test/support/cluster_builder.h"

namespace headroom::scoring {
namespace {

using base::celsius;
using base::Seconds;
using test::kStart;

// One rack with one limit of 30 degrees.
class Inlet {
 public:
  Inlet& at(std::int64_t celsius_value, std::int64_t seconds = 1, model::Grade grade = model::Grade::measured) {
    now_ += Seconds(seconds);
    last_ = model::TemperatureReading{celsius(celsius_value), now_, grade, "test"};
    return step();
  }
  Inlet& silence(std::int64_t seconds) { return now_ += Seconds(seconds), step(); }
  // Samples every 10 s.
  Inlet& steady(std::int64_t celsius_value, std::int64_t seconds) {
    for (std::int64_t passed = 0; passed < seconds; passed += 10) at(celsius_value, 10);
    return *this;
  }
  Inlet& with_limit(std::int64_t limit) { return limits_.push_back(celsius(limit)), *this; }
  [[nodiscard]] bool hot(std::int64_t limit = 30) const { return memory_.heat.at(celsius(limit)).hot; }
  [[nodiscard]] InletState state() const { return inlet_state(memory_.last, Seconds(60), now_); }

 private:
  Inlet& step() {
    return memory_ = step_inlet(std::move(memory_), {last_, limits_, Seconds(60), now_}, Settings()), *this;
  }

  base::WallTime now_ = kStart;
  std::optional<model::TemperatureReading> last_;
  std::vector<base::Temperature> limits_{celsius(30)};
  InletMemory memory_;
};

TEST(InletRule, cool_air_takes_pods_from_the_first_sample) {
  EXPECT_FALSE(Inlet().at(25).hot());
  EXPECT_FALSE(Inlet().at(28).hot());
}

TEST(InletRule, above_the_limit_is_hot_at_once) {
  EXPECT_TRUE(Inlet().at(20).at(31).hot());
}

TEST(InletRule, the_limit_itself_is_not_above_it) {
  EXPECT_FALSE(Inlet().steady(20, 300).at(30).hot());
}

TEST(InletRule, once_hot_a_rack_waits_until_two_degrees_below) {
  Inlet inlet;
  inlet.steady(20, 310).at(31);
  EXPECT_TRUE(inlet.at(30).hot());
  EXPECT_TRUE(inlet.at(29).hot());
  EXPECT_TRUE(inlet.steady(29, 1'000).hot());
  EXPECT_FALSE(inlet.at(28).hot());
  EXPECT_FALSE(inlet.at(30).hot());
}

TEST(InletRule, after_a_restart_a_rack_within_two_degrees_starts_refused) {
  EXPECT_TRUE(Inlet().at(29).hot());
  EXPECT_TRUE(Inlet().at(30).hot());
}

TEST(InletRule, five_minutes_of_fresh_samples_within_the_limit_end_the_refusal_of_a_restart) {
  Inlet inlet;
  EXPECT_TRUE(inlet.steady(29, 300).hot());
  EXPECT_FALSE(inlet.steady(29, 10).hot());
}

TEST(InletRule, a_gap_in_the_samples_starts_the_five_minutes_again) {
  Inlet inlet;
  inlet.steady(29, 290).silence(61);
  EXPECT_TRUE(inlet.steady(29, 290).hot());
  EXPECT_FALSE(inlet.steady(29, 30).hot());
}

TEST(InletRule, cooling_to_two_degrees_below_ends_the_refusal_of_a_restart_at_once) {
  EXPECT_FALSE(Inlet().at(29).at(28).hot());
}

TEST(InletRule, a_rack_that_was_really_hot_gets_no_five_minute_release) {
  EXPECT_TRUE(Inlet().at(31).steady(29, 1'000).hot());
}

TEST(InletRule, a_new_limit_on_a_rack_that_is_known_for_long_starts_without_suspicion) {
  Inlet inlet;
  inlet.steady(29, 400).with_limit(31).at(30);
  EXPECT_FALSE(inlet.hot(31));
}

TEST(InletRule, each_limit_has_its_own_heat) {
  Inlet inlet;
  inlet.with_limit(40).steady(20, 400).at(35);
  EXPECT_TRUE(inlet.hot(30));
  EXPECT_FALSE(inlet.hot(40));
}

TEST(InletRule, a_sensor_that_never_delivered_is_not_one_that_went_silent) {
  EXPECT_EQ(Inlet().silence(1'000).state(), InletState::never);
  EXPECT_EQ(Inlet().at(20).silence(60).state(), InletState::fresh);
  EXPECT_EQ(Inlet().at(20).silence(61).state(), InletState::stale);
}

TEST(InletRule, silence_keeps_what_is_known_of_the_heat) {
  EXPECT_TRUE(Inlet().at(31).silence(1'000).hot());
  EXPECT_FALSE(Inlet().at(20).silence(1'000).hot());
}

TEST(InletRule, a_sample_of_unknown_age_refuses_and_never_admits) {
  EXPECT_TRUE(Inlet().at(20).at(31, 1, model::Grade::age_unknown).hot());
  EXPECT_TRUE(Inlet().at(31).at(20, 1, model::Grade::age_unknown).hot());
  EXPECT_EQ(Inlet().at(20, 1, model::Grade::age_unknown).state(), InletState::stale);
}

}  // namespace
}  // namespace headroom::scoring
