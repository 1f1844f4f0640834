#include "kube/quantity.h"

#include <limits>
#include <optional>
#include <string>

namespace headroom::kube {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr Wide kLargest = static_cast<Wide>(std::numeric_limits<std::int64_t>::max());
// Above every value that survives clamping, low enough that one more multiplication by 1024 cannot overflow.
constexpr Wide kSaturated = kLargest << 40;

// A number as digits x 10^ten x 2^two.
struct Scaled {
  bool negative = false;
  Wide digits = 0;
  bool more = false;  // non-zero digits beyond those kept
  int ten = 0;
  int two = 0;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads sign and digits off the front of `text`.
std::optional<Scaled> take_number(std::string_view& text) {
  Scaled number;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    number.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  bool any = false;
  bool fraction = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    if (number.digits > kLargest) {  // enough digits kept: the others only count as "more" or as powers of ten
      number.more = number.more || c != '0';
      if (!fraction) ++number.ten;
      continue;
    }
    number.digits = number.digits * 10 + static_cast<unsigned>(c - '0');
    if (fraction) --number.ten;
  }
  if (!any) return std::nullopt;
  return number;
}

// "e3", "E-2": only where digits follow; a lone "E" is the suffix exa.
std::optional<int> exponent_of(std::string_view text) {
  if (text.size() < 2 || (text.front() != 'e' && text.front() != 'E')) return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text.front() == '-';
  if (text.front() == '-' || text.front() == '+') text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    if (value < 1'000) value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

bool apply_suffix(std::string_view suffix, Scaled& number) {
  struct Row {
    std::string_view suffix;
    int ten;
    int two;
  };
  static constexpr Row kRows[] = {{"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},
                                  {"k", 3, 0},   {"M", 6, 0},   {"G", 9, 0},   {"T", 12, 0},
                                  {"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
                                  {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}};
  for (const Row& row : kRows) {
    if (row.suffix != suffix) continue;
    number.ten += row.ten;
    number.two = row.two;
    return true;
  }
  const auto exponent = exponent_of(suffix);
  if (!exponent) return false;
  number.ten += *exponent;
  return true;
}

std::int64_t round_away(Scaled number) {
  Wide value = number.digits;
  bool remainder = number.more;
  while (number.two > 0) {
    if (value < kSaturated) {
      value *= 2;
      --number.two;
    } else if (number.ten < 0) {  // makes room: the division is due anyway
      remainder = remainder || value % 10 != 0;
      value /= 10;
      ++number.ten;
    } else {
      break;
    }
  }
  for (; number.ten > 0 && value < kSaturated && value != 0; --number.ten) value *= 10;
  for (; number.ten < 0 && value != 0; ++number.ten) {
    remainder = remainder || value % 10 != 0;
    value /= 10;
  }
  if (remainder) value += 1;
  const std::int64_t magnitude = static_cast<std::int64_t>(value > kLargest ? kLargest : value);
  return number.negative ? -magnitude : magnitude;
}

base::Result<std::int64_t> parse_scaled(std::string_view text, int decimals) {
  std::string_view rest = text;
  auto number = take_number(rest);
  if (!number || !apply_suffix(rest, *number)) {
    return base::invalid_input("'" + std::string(text.substr(0, 40)) + "' is not a quantity");
  }
  number->ten += decimals;
  return round_away(*number);
}

}  // namespace

base::Result<std::int64_t> parse_milli_quantity(std::string_view text) {
  return parse_scaled(text, 3);
}
base::Result<std::int64_t> parse_quantity(std::string_view text) {
  return parse_scaled(text, 0);
}

}  // namespace headroom::kube
