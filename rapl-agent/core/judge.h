// What a read-back says about a write.
#pragma once

#include "base/units.h"
#include "rapl-agent/core/wanted.h"

namespace headroom::rapl_agent::core {

enum class ReadBack {
  as_asked,     // within the tolerance, unit truncation included
  lower,        // less than asked, at least the floor: the hardware's quantum, or somebody protects it
  below_floor,  // less than the floor: a wrapped register or a broken write
  too_high,     // the limit that acts is above what was asked, and as it was before: ignored
  clamped_up,   // above what was asked, but it moved: the firmware has a floor of its own there
  disabled,     // the number is right and `enabled` says that it does not act
};

// `before` is what was read before the write. Fields that could not be read count as too high: not known is not capped.
[[nodiscard]] ReadBack judge_read_back(const FieldValues& wanted, const FieldValues& before, const FieldValues& read,
                                       base::Power floor, base::Power tolerance);

}  // namespace headroom::rapl_agent::core
