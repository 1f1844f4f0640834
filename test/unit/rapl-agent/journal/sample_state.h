// A journal in which every member is set.
#pragma once

#include "rapl-agent/core/journal_state.h"

namespace headroom::rapl_agent::journal::test {

inline core::JournalState sample_state(std::string boot_id = "boot-1") {
  core::JournalState state;
  state.boot_id = std::move(boot_id);
  state.controls = {
      {{"gpu/GPU-1", core::Surface::nvml, core::Field::long_term_limit}, 700'000'000, true, 400'000'000, std::nullopt},
      {{"rapl/package-0", core::Surface::msr, core::Field::long_term_limit}, 4'095'875'000, false, {}, 100'000'000},
      {{"rapl/package-0", core::Surface::msr, core::Field::enabled}, 0, true, 1, std::nullopt},
  };
  core::CapOrder order;
  order.uid = "0b2c";
  order.spec.stamp = {7, 12};
  order.spec.budget = base::watts(900);
  order.spec.fallback = base::watts(600);
  order.spec.reserve = base::watts(120);
  order.spec.cpu_package = base::watts(150);
  order.spec.gpu = base::watts(500);
  order.spec.short_term_percent = 120;
  order.spec.time_window = base::Milliseconds(250);
  order.spec.hard_limit = base::watts(1'000);
  order.spec.brake_until = base::WallTime(base::Seconds(1'800'000'000));
  state.order = order;
  state.heartbeat = base::WallTime(base::Microseconds(1'800'000'000'654'321));
  state.heartbeat_seen = base::MonoTime(base::Microseconds(77));
  return state;
}

}  // namespace headroom::rapl_agent::journal::test
