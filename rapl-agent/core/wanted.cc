#include "rapl-agent/core/wanted.h"

#include <algorithm>

namespace headroom::rapl_agent::core {
namespace {

std::uint64_t count_of(base::Power power) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(power.count(), 1));
}

std::uint64_t distance(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : b - a;
}

}  // namespace

FieldValues wanted_for_cap(const Control& control, const FieldValues& originals, base::Power cap,
                           const CapTerms& terms) {
  FieldValues wanted;
  std::uint64_t long_term = count_of(cap);
  const auto original = originals.get(Field::long_term_limit);
  if (original && *original > 0) long_term = std::min(long_term, *original);
  wanted.set(Field::long_term_limit, long_term);

  const auto original_short = originals.get(Field::short_term_limit);
  const bool follows = terms.pl2 == Pl2Policy::ratio && control.has(Field::short_term_limit);
  if (follows && original_short && *original_short > 0) {
    const base::Power share =
        base::scaled_down(base::microwatts(static_cast<std::int64_t>(long_term)), terms.short_term);
    wanted.set(Field::short_term_limit, std::min(*original_short, std::max(long_term, count_of(share))));
  }
  if (control.has(Field::long_term_window) && terms.time_window) {
    wanted.set(Field::long_term_window, static_cast<std::uint64_t>(terms.time_window->count()));
  }
  if (control.has(Field::enabled)) wanted.set(Field::enabled, 1);
  return wanted;
}

FieldValues wanted_at_original(const Control& control, const FieldValues& originals) {
  FieldValues wanted;
  for (const Field field : {Field::long_term_limit, Field::short_term_limit, Field::long_term_window}) {
    const auto original = originals.get(field);
    // 0 is never written, not even where it was found.
    if (control.has(field) && original && *original > 0) wanted.set(field, original);
  }
  // For a locked clock 0 is what it was: not locked.
  for (const Field field : {Field::max_frequency, Field::locked_clock}) {
    if (control.has(field)) wanted.set(field, originals.get(field));
  }
  if (control.has(Field::enabled) && originals.get(Field::enabled) == 0) wanted.set(Field::enabled, 0);
  return wanted;
}

bool same_value(Field field, std::uint64_t asked, std::uint64_t read, base::Power tolerance) {
  switch (field) {
    case Field::long_term_limit:
    case Field::short_term_limit:
    case Field::enforced_limit:
      return distance(asked, read) <= static_cast<std::uint64_t>(tolerance.count()) + asked / 200;
    case Field::long_term_window: return distance(asked, read) <= asked / 4;
    case Field::enabled:
    case Field::max_frequency:
    case Field::locked_clock: return asked == read;
  }
  return false;
}

std::vector<FieldWrite> writes_between(const FieldValues& current, const FieldValues& wanted, base::Power tolerance) {
  const auto now = current.get(Field::long_term_limit);
  const auto then = wanted.get(Field::long_term_limit);
  const bool rises = now && then && *then > *now;
  std::array order = {Field::long_term_limit, Field::short_term_limit, Field::long_term_window,
                      Field::max_frequency,   Field::locked_clock,     Field::enabled};
  if (rises) std::swap(order[0], order[1]);

  std::vector<FieldWrite> writes;
  for (const Field field : order) {
    const auto value = wanted.get(field);
    if (!value) continue;
    const auto present = current.get(field);
    if (present && same_value(field, *value, *present, tolerance)) continue;
    writes.push_back({field, *value});
  }
  return writes;
}

}  // namespace headroom::rapl_agent::core
