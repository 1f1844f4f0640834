#include "base/api_time.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

namespace headroom::base {
namespace {

namespace chrono = std::chrono;

// Takes `count` digits off the front; -1 where there are fewer.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

Error not_a_time(std::string_view text) {
  return invalid_input("'" + std::string(text.substr(0, 40)) + "' is not an RFC 3339 time");
}

// ".123456789": microseconds, what is finer is cut off.
std::optional<Microseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return Microseconds(0);
  std::int64_t micros = 0;
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 6) micros = micros * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) micros *= 10;
  return Microseconds(micros);
}

std::optional<chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return chrono::minutes(0);
  const bool east = take(text, '+');
  if (!east && !take(text, '-')) return std::nullopt;
  const int hours = take_digits(text, 2);
  if (hours < 0 || hours > 23 || !take(text, ':')) return std::nullopt;
  const int minutes = take_digits(text, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  const chrono::minutes offset = chrono::hours(hours) + chrono::minutes(minutes);
  return east ? offset : -offset;
}

std::string format_seconds(WallTime time) {
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(chrono::floor<Seconds>(time - day));
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace

Result<WallTime> parse_api_time(std::string_view text) {
  std::string_view rest = text;
  const int year = take_digits(rest, 4);
  const bool d1 = take(rest, '-');
  const int month = take_digits(rest, 2);
  const bool d2 = take(rest, '-');
  const int day = take_digits(rest, 2);
  const bool t = take(rest, 'T') || take(rest, 't') || take(rest, ' ');
  const int hour = take_digits(rest, 2);
  const bool c1 = take(rest, ':');
  const int minute = take_digits(rest, 2);
  const bool c2 = take(rest, ':');
  const int second = take_digits(rest, 2);
  if (!d1 || !d2 || !t || !c1 || !c2 || year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return not_a_time(text);
  }
  const chrono::year_month_day date{chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day))};
  const auto fraction = take_fraction(rest);
  if (!date.ok() || !fraction) return not_a_time(text);
  const auto offset = take_offset(rest);
  if (!offset || !rest.empty()) return not_a_time(text);
  return WallTime(chrono::sys_days(date)) + chrono::hours(hour) + chrono::minutes(minute) + Seconds(second) +
         *fraction - *offset;
}

std::string format_time(WallTime time) {
  return format_seconds(time) + "Z";
}

std::string format_micro_time(WallTime time) {
  const auto micros = (time - chrono::floor<Seconds>(time)).count();
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(micros));
  return format_seconds(time) + fraction.data();
}

}  // namespace headroom::base
