// The values that one control should hold for a cap, and in which order to write them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "rapl-agent/core/domain.h"

namespace headroom::rapl_agent::core {

// Values of one control's fields; absent: the field does not exist, is not known, or is none of our business.
class FieldValues {
 public:
  [[nodiscard]] std::optional<std::uint64_t> get(Field field) const { return values_[index(field)]; }
  [[nodiscard]] bool any() const {
    return std::any_of(values_.begin(), values_.end(), [](const auto& value) { return value.has_value(); });
  }
  void set(Field field, std::optional<std::uint64_t> value) { values_[index(field)] = value; }
  bool operator==(const FieldValues&) const = default;

 private:
  static std::size_t index(Field field) { return static_cast<std::size_t>(field); }
  std::array<std::optional<std::uint64_t>, 7> values_;
};

// What becomes of the short-term limit when the long-term one is set.
enum class Pl2Policy {
  ratio,  // it follows as a share
  leave,  // it stays as it was found: a package may draw up to its original PL2 within PL1's window
};

// How an order shapes the fields beside the limit itself.
struct CapTerms {
  base::Share short_term = base::percent(110);
  std::optional<base::Microseconds> time_window;
  Pl2Policy pl2 = Pl2Policy::ratio;
};

// For a cap: PL1 = min(cap, original), PL2 = min(original PL2, max(PL1, share x PL1)), enabled, and the window if asked
// for. Originals that are 0 or unknown leave PL2 alone, and so does Pl2Policy::leave. REQUIRES: cap > 0.
[[nodiscard]] FieldValues wanted_for_cap(const Control& control, const FieldValues& originals, base::Power cap,
                                         const CapTerms& terms);
// For no cap: the originals of the limits, the window and clocks, and `enabled` 0, last, where it was 0.
[[nodiscard]] FieldValues wanted_at_original(const Control& control, const FieldValues& originals);

struct FieldWrite {
  Field field = Field::long_term_limit;
  std::uint64_t value = 0;

  bool operator==(const FieldWrite&) const = default;
};

// What to write to get from `current` to `wanted`: nothing that already is as wanted within `tolerance`; PL1 before PL2
// when PL1 falls, PL2 before PL1 when it rises, so that PL1 <= PL2 holds at every step; then the window, then
// `enabled`. Unknown current values are written.
[[nodiscard]] std::vector<FieldWrite> writes_between(const FieldValues& current, const FieldValues& wanted,
                                                     base::Power tolerance);

// Whether a field read back is the value that was asked for: limits within the tolerance and half a percent, windows
// within the quarter that their encoding rounds away, others exactly.
[[nodiscard]] bool same_value(Field field, std::uint64_t asked, std::uint64_t read, base::Power tolerance);

}  // namespace headroom::rapl_agent::core
