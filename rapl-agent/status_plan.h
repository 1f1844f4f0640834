// What the agent's report says as a NodePowerCap's status, and when that is worth a write. Pure.
//
// Told at once: state, acknowledgement, boot id, conditions, a domain that came, left or changed its health, and any
// change of applied, min or max watts by more than 1 %. Watts that only measure (measured, caps and what reads back)
// wait until 10 s have passed and they differ by more than 1 %: a thousand agents share one API server.
#pragma once

#include <optional>

#include "base/clock.h"
#include "model/node_power_cap.h"
#include "rapl-agent/core/agent_report.h"

namespace headroom::rapl_agent {

// `previous` is the status as last written or as stored: a condition that has not turned keeps its lastTransitionTime.
[[nodiscard]] model::NodePowerCapStatus status_of(const core::AgentReport& report,
                                                  const model::NodePowerCapStatus& previous, base::WallTime now);

enum class Worth { nothing, later, now };  // later: once measured fields are due
[[nodiscard]] Worth worth_writing(const model::NodePowerCapStatus& written, const model::NodePowerCapStatus& wanted);

inline constexpr base::Seconds kMeasuredApart{10};

}  // namespace headroom::rapl_agent
