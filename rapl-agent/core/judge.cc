#include "rapl-agent/core/judge.h"

namespace headroom::rapl_agent::core {

ReadBack judge_read_back(const FieldValues& wanted, const FieldValues& before, const FieldValues& read,
                         base::Power floor, base::Power tolerance) {
  if (wanted.get(Field::enabled) == 1 && read.get(Field::enabled) != 1) return ReadBack::disabled;
  for (const Field field : {Field::long_term_limit, Field::short_term_limit}) {
    const auto asked = wanted.get(field);
    if (!asked) continue;
    const auto now = read.get(field);
    if (!now) return ReadBack::too_high;
    if (same_value(field, *asked, *now, tolerance)) continue;
    if (*now > *asked) {
      const auto then = before.get(field);
      const bool moved = then && !same_value(field, *then, *now, tolerance);
      return moved ? ReadBack::clamped_up : ReadBack::too_high;
    }
    if (field != Field::long_term_limit) continue;  // a lower PL2 only protects more
    const auto least = static_cast<std::uint64_t>(floor.count() - tolerance.count());
    return floor > tolerance && *now < least ? ReadBack::below_floor : ReadBack::lower;
  }
  for (const Field field : {Field::max_frequency, Field::locked_clock}) {
    // Clocks come in steps: a lower one is the nearest there is.
    const auto asked = wanted.get(field);
    const auto now = read.get(field);
    if (!asked) continue;
    const bool unlocked = field == Field::locked_clock && now == 0 && *asked > 0;
    if (!now || *now > *asked || unlocked) return ReadBack::too_high;
  }
  return ReadBack::as_asked;
}

}  // namespace headroom::rapl_agent::core
