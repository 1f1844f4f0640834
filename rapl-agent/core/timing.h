// Every interval the agent acts by, in one value. The defaults are the product's; rigs run scaled(Timing{}, 20).
// All are lengths on CLOCK_BOOTTIME: they go on during suspend and no change of the wall clock moves them.
#pragma once

#include "base/durations.h"

namespace headroom::rapl_agent::core {

struct Timing {
  using Milliseconds = base::Milliseconds;

  Milliseconds tick{1'000};        // the loop: sample, decide, write what must change
  Milliseconds discovery{30'000};  // list all domains again
  Milliseconds verify{5'000};      // read every control back, whether or not it was written

  // Heartbeat of the controller.
  Milliseconds heartbeat_ttl{20'000};     // without a change of renewTime: Holding
  Milliseconds heartbeat_rewatch{6'000};  // silence after which the watch is opened anew
  Milliseconds grace{300'000};            // silence after which the fallback holds: Safe
  Milliseconds jitter{2'000};             // at most this is added before a raise after the controller's return

  // Raising and lowering.
  Milliseconds cpu_period{2'000};  // between two raises of a CPU domain
  Milliseconds gpu_period{5'000};
  Milliseconds ramp{1'000};  // time in which a cap may rise by a tenth

  // Read-back and retry.
  Milliseconds first_retry{50};  // after a read-back that says otherwise
  Milliseconds second_retry{200};
  Milliseconds locked_retry{5'000};  // three tries over ten seconds before a control counts as locked
  Milliseconds busy_retry{1'000};    // amdgpu in reset
  Milliseconds busy_give_up{60'000};
  Milliseconds permission_retry{300'000};  // after EACCES, EROFS, locked: no sooner

  // Others who write.
  Milliseconds foreign_lower{60'000};    // a lower value of somebody else is respected this long
  Milliseconds contest_span{300'000};    // more than `kContestReasserts` in this span: contested
  Milliseconds contested_retry{30'000};  // re-asserts of a contested control

  // Averaging windows before an ack, where the control does not tell its own.
  Milliseconds cpu_window{1'000};
  Milliseconds gpu_window{1'000};

  // Emergency.
  Milliseconds hard_limit_span{2'000};  // draw above hardLimitWatts for this long
  Milliseconds brake_default{30'000};   // a brake whose end cannot be placed on the controller's clock
  Milliseconds brake_longest{300'000};
  Milliseconds cool_down{10'000};  // calm after the hard limit before Emergency ends

  // Meters.
  Milliseconds reserve_span{600'000};  // over which the reserve's p95 is taken
  Milliseconds meter_gap{300'000};     // readings further apart say nothing
  Milliseconds frozen{10'000};         // an energy counter that stands still this long is stale

  bool operator==(const Timing&) const = default;
};

// Every interval divided by `factor` (at least 1 ms each). REQUIRES: factor >= 1.
[[nodiscard]] Timing scaled(const Timing& timing, int factor);

}  // namespace headroom::rapl_agent::core
