// The parts of the debug pages as JSON. Included by debug_*.cc only.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "extender/decision.h"
#include "extender/requeue_loop.h"
#include "model/pod.h"
#include "scoring/explain.h"
#include "scoring/ledger.h"

namespace headroom::extender {

struct DebugView {
  const Decision& decision;
  const scoring::LedgerView& ledger;
  const RequeueView& requeue;
  base::WallTime now;
};

[[nodiscard]] nlohmann::ordered_json pod_json(const model::Pod& pod);
[[nodiscard]] nlohmann::ordered_json explanation_json(const scoring::Explanation& explanation);
[[nodiscard]] nlohmann::ordered_json decision_json(const DebugView& view);

}  // namespace headroom::extender
