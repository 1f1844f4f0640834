#include "base/units.h"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

namespace headroom::base {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept Assignable = std::is_assignable_v<A&, B>;
template <class A, class B>
concept Comparable = requires(A a, B b) {
  a < b;
};

static_assert(Addable<Power, Power>);
static_assert(!Addable<Power, Energy>, "power and energy cannot be added");
static_assert(!Addable<Temperature, Temperature>, "two points on a scale cannot be added");
static_assert(Addable<Temperature, TemperatureDelta>);
static_assert(!Addable<Power, int>, "a bare number never enters a sum");
static_assert(!Assignable<Power, int>);
static_assert(!Assignable<Power, double>);
static_assert(!Comparable<Power, Energy>);

TEST(Units, NamedConstructorsScaleToTheSmallestUnit) {
  EXPECT_EQ(watts(65).count(), 65'000'000);
  EXPECT_EQ(joules(2).count(), 2'000'000);
  EXPECT_EQ(celsius(27).millicelsius(), 27'000);
  EXPECT_EQ(percent(80).count(), 800'000);
}

TEST(Units, DifferencesOfTemperaturesAreDeltas) {
  EXPECT_EQ(celsius(30) - celsius(27), degrees(3));
  EXPECT_EQ(celsius(30) - degrees(2), celsius(28));
}

TEST(Units, AReadingThatNoMachineHasGivesNoQuantity) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(), 1e300, -1e300}) {
    EXPECT_FALSE(power_from_watts(bad).has_value()) << bad;
    EXPECT_FALSE(energy_from_joules(bad).has_value()) << bad;
    EXPECT_FALSE(temperature_from_celsius(bad).has_value()) << bad;
  }
  EXPECT_EQ(power_from_watts(12.5), microwatts(12'500'000));
}

TEST(Units, ALoadIsRoundedUpAndALimitDown) {
  EXPECT_EQ(scaled_up(microwatts(10), ppm(333'333)), microwatts(4));
  EXPECT_EQ(scaled_down(microwatts(10), ppm(333'333)), microwatts(3));
  EXPECT_EQ(scaled_up(watts(5'000), percent(50)), watts(2'500));
}

TEST(Units, ScalingDoesNotOverflow) {
  const Power gigawatt = watts(1'000'000'000);
  EXPECT_EQ(scaled_up(gigawatt, percent(100)), gigawatt);
  EXPECT_EQ(scaled_down(gigawatt, percent(80)), watts(800'000'000));
}

TEST(Units, EnergyOverTimeIsPower) {
  EXPECT_EQ(average_power(joules(500), Seconds(5)), watts(100));
  EXPECT_EQ(energy_of(watts(100), Seconds(5)), joules(500));
}

}  // namespace
}  // namespace headroom::base
