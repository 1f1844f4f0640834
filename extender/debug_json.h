// The debug pages as JSON text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "extender/decision.h"
#include "extender/edges.h"
#include "extender/requeue_loop.h"
#include "model/pod.h"
#include "scoring/explain.h"
#include "scoring/ledger.h"

namespace headroom::extender {

// {"error": "..."}
[[nodiscard]] std::string error_page(std::string_view error);

[[nodiscard]] std::string explain_page(const model::Pod& pod, const std::vector<scoring::Explanation>& nodes);

struct DebugView {
  const Decision& decision;
  const scoring::LedgerView& ledger;
  const RequeueView& requeue;
  base::WallTime now;
  std::string_view problem;  // why this is not ready; empty: it is
  std::vector<ApiSource> api;
};
[[nodiscard]] std::string snapshot_page(const DebugView& view);
// Before the first books.
[[nodiscard]] std::string not_ready_page(std::string_view reason);

}  // namespace headroom::extender
