// What the node's operator decides locally. The program fills it from its configuration; defaults write nothing.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/units.h"
#include "rapl-agent/core/agent_report.h"
#include "rapl-agent/core/timing.h"
#include "rapl-agent/core/wanted.h"

namespace headroom::rapl_agent::core {

// What SIGTERM leaves behind.
enum class OnExit {
  hold,      // caps stay: a rolling update un-caps nobody
  restore,   // the originals, where nobody else has changed them meanwhile
  fallback,  // the smaller of what is in force and the fallback
};

struct AgentSettings {
  AgentMode mode = AgentMode::observe;
  Timing timing;
  // What the node draws outside the domains, where no node meter knows; an order's larger word stands above it.
  base::Power static_reserve;
  bool measure_reserve = true;                  // from a node meter, where there is one
  std::optional<base::Power> fallback;          // only before the first order; afterwards the last order's
  std::map<std::string, base::Power> floors;    // by domain id, or by kind ("gpu") for all of it
  std::map<std::string, base::Power> ceilings;  // likewise; only lower what the hardware says
  base::Power smallest_floor = base::watts(30);
  bool cap_dram = false;
  // Upper bounds of clocks in the field's unit (kHz of cpufreq, MHz of NVML), by domain id or by what stands before its
  // slash ("cpufreq", "gpu-clock"). Not watts: they promise no budget. Empty: clocks are never touched, but for giving
  // back those that the journal knows as ours.
  std::map<std::string, std::uint64_t> clock_limits;
  base::Share short_term = base::percent(110);  // PL2 as a share of PL1, where the order says nothing
  Pl2Policy pl2 = Pl2Policy::ratio;
  std::optional<base::Microseconds> time_window;  // PL1's, where the order says nothing; absent: as found
  OnExit on_exit = OnExit::hold;
  // This node's place in a spread of raises after the controller's return: 0..1 of Timing::jitter.
  base::Share jitter;
};

}  // namespace headroom::rapl_agent::core
