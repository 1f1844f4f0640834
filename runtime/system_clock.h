// The machine's clocks behind base::Clock, for the running programs. The only place that reads them.
#pragma once

#include "base/clock.h"

namespace headroom::runtime {

// Stateless: every object shows the same time. Thread-safe.
class SystemClock final : public base::Clock {
 public:
  [[nodiscard]] base::MonoTime mono_now() const override;
  [[nodiscard]] base::WallTime wall_now() const override;
  base::WaitResult wait_until(base::MonoTime deadline, std::stop_token stop) override;
};

// As above, but mono_now() is CLOCK_BOOTTIME: it goes on while the machine sleeps, so that what somebody promised
// before has run out after. A wait that is under way when the machine sleeps ends late by up to its own length.
class BootClock final : public base::Clock {
 public:
  [[nodiscard]] base::MonoTime mono_now() const override;
  [[nodiscard]] base::WallTime wall_now() const override;
  base::WaitResult wait_until(base::MonoTime deadline, std::stop_token stop) override;
};

}  // namespace headroom::runtime
