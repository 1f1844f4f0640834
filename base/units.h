// Physical quantities as integer types, in the units the kernel and the exporters use.
//
//   Power             microwatts        watts(65), microwatts(n)
//   Energy            microjoules       joules(3), microjoules(n)
//   Temperature       millidegrees C    a point on the scale: celsius(27), millicelsius(n)
//   TemperatureDelta  millidegrees C    a difference of two points
//   Share             parts per million of something: percent(50), ppm(n)
//
// Quantities are built only by the named functions below and read only by the named accessors, so that a bare number
// never enters a sum. Adding power to energy, or two temperatures, does not compile. All are plain values: copyable,
// ordered, safe to read from any thread. Sums of physically plausible values stay far inside 64 bits (9.2e12 W).
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>
#include <optional>

#include "base/durations.h"

namespace headroom::base {

// A count of one unit. Tag makes each physical dimension a type of its own.
template <class Tag>
class Quantity {
 public:
  constexpr Quantity() = default;
  [[nodiscard]] static constexpr Quantity from_count(std::int64_t count) { return Quantity(count); }
  [[nodiscard]] constexpr std::int64_t count() const { return count_; }

  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity& operator+=(Quantity other) {
    count_ += other.count_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    count_ -= other.count_;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.count_ + b.count_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.count_ - b.count_); }
  friend constexpr Quantity operator-(Quantity a) { return Quantity(-a.count_); }
  friend constexpr Quantity operator*(Quantity a, std::int64_t n) { return Quantity(a.count_ * n); }

 private:
  explicit constexpr Quantity(std::int64_t count) : count_(count) {}
  std::int64_t count_ = 0;
};

struct PowerTag {};
struct EnergyTag {};
struct TemperatureDeltaTag {};
struct ShareTag {};

using Power = Quantity<PowerTag>;                        // microwatts
using Energy = Quantity<EnergyTag>;                      // microjoules
using TemperatureDelta = Quantity<TemperatureDeltaTag>;  // millidegrees Celsius
using Share = Quantity<ShareTag>;                        // parts per million

// A point on the Celsius scale. Points can be compared and subtracted, never added.
class Temperature {
 public:
  constexpr Temperature() = default;
  [[nodiscard]] static constexpr Temperature from_millicelsius(std::int64_t m) { return Temperature(m); }
  [[nodiscard]] constexpr std::int64_t millicelsius() const { return millicelsius_; }
  constexpr auto operator<=>(const Temperature&) const = default;
  friend constexpr TemperatureDelta operator-(Temperature a, Temperature b) {
    return TemperatureDelta::from_count(a.millicelsius_ - b.millicelsius_);
  }
  friend constexpr Temperature operator+(Temperature a, TemperatureDelta d) {
    return Temperature(a.millicelsius_ + d.count());
  }
  friend constexpr Temperature operator-(Temperature a, TemperatureDelta d) {
    return Temperature(a.millicelsius_ - d.count());
  }

 private:
  explicit constexpr Temperature(std::int64_t m) : millicelsius_(m) {}
  std::int64_t millicelsius_ = 0;
};

[[nodiscard]] constexpr Power microwatts(std::int64_t n) {
  return Power::from_count(n);
}
[[nodiscard]] constexpr Power watts(std::int64_t n) {
  return Power::from_count(n * 1'000'000);
}
[[nodiscard]] constexpr Energy microjoules(std::int64_t n) {
  return Energy::from_count(n);
}
[[nodiscard]] constexpr Energy joules(std::int64_t n) {
  return Energy::from_count(n * 1'000'000);
}
[[nodiscard]] constexpr Temperature millicelsius(std::int64_t n) {
  return Temperature::from_millicelsius(n);
}
[[nodiscard]] constexpr Temperature celsius(std::int64_t n) {
  return Temperature::from_millicelsius(n * 1'000);
}
[[nodiscard]] constexpr TemperatureDelta millidegrees(std::int64_t n) {
  return TemperatureDelta::from_count(n);
}
[[nodiscard]] constexpr TemperatureDelta degrees(std::int64_t n) {
  return TemperatureDelta::from_count(n * 1'000);
}
[[nodiscard]] constexpr Share ppm(std::int64_t n) {
  return Share::from_count(n);
}
[[nodiscard]] constexpr Share percent(std::int64_t n) {
  return Share::from_count(n * 10'000);
}

// For showing to people and for writing metrics; never for deciding.
[[nodiscard]] constexpr double to_watts(Power p) {
  return static_cast<double>(p.count()) / 1e6;
}
[[nodiscard]] constexpr double to_joules(Energy e) {
  return static_cast<double>(e.count()) / 1e6;
}
[[nodiscard]] constexpr double to_celsius(Temperature t) {
  return static_cast<double>(t.millicelsius()) / 1e3;
}
[[nodiscard]] constexpr double to_ratio(Share s) {
  return static_cast<double>(s.count()) / 1e6;
}

namespace detail {
// Scales a floating-point reading to a count; nothing for NaN, infinities and what does not fit in 1e18.
[[nodiscard]] inline std::optional<std::int64_t> scaled_count(double value, double scale) {
  const double scaled = value * scale;
  if (!std::isfinite(scaled) || scaled > 1e18 || scaled < -1e18) return std::nullopt;
  return std::llround(scaled);
}
}  // namespace detail

// From what an exporter or a file printed. Nothing for NaN, infinities and magnitudes no machine has.
[[nodiscard]] inline std::optional<Power> power_from_watts(double w) {
  const auto n = detail::scaled_count(w, 1e6);
  return n ? std::optional(microwatts(*n)) : std::nullopt;
}
[[nodiscard]] inline std::optional<Energy> energy_from_joules(double j) {
  const auto n = detail::scaled_count(j, 1e6);
  return n ? std::optional(microjoules(*n)) : std::nullopt;
}
[[nodiscard]] inline std::optional<Temperature> temperature_from_celsius(double c) {
  const auto n = detail::scaled_count(c, 1e3);
  return n ? std::optional(millicelsius(*n)) : std::nullopt;
}

// share of p, rounded away from zero: a load is never understated by rounding. 128-bit inside, so it cannot overflow.
[[nodiscard]] constexpr Power scaled_up(Power p, Share share) {
  const __int128 product = static_cast<__int128>(p.count()) * share.count();
  const __int128 bias = product > 0 ? 999'999 : (product < 0 ? -999'999 : 0);
  return microwatts(static_cast<std::int64_t>((product + bias) / 1'000'000));
}
// share of p, rounded towards zero: a limit is never overstated by rounding.
[[nodiscard]] constexpr Power scaled_down(Power p, Share share) {
  const __int128 product = static_cast<__int128>(p.count()) * share.count();
  return microwatts(static_cast<std::int64_t>(product / 1'000'000));
}
[[nodiscard]] constexpr Share operator*(Share a, Share b) {
  const __int128 product = static_cast<__int128>(a.count()) * b.count();
  return ppm(static_cast<std::int64_t>((product + 999'999) / 1'000'000));
}

// Energy over an interval. The interval must be positive.
[[nodiscard]] constexpr Power average_power(Energy e, Microseconds interval) {
  return microwatts(static_cast<std::int64_t>(static_cast<__int128>(e.count()) * 1'000'000 / interval.count()));
}
[[nodiscard]] constexpr Energy energy_of(Power p, Microseconds interval) {
  return microjoules(static_cast<std::int64_t>(static_cast<__int128>(p.count()) * interval.count() / 1'000'000));
}

}  // namespace headroom::base
