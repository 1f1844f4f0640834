// "headroom release": asks the controller to let go of nodes, and waits for what becomes of it.
//
// It writes an annotation to the NodePowerCap; the order itself (spec) is the controller's, which honours the request
// where no limit is passed by it and nothing else needs the cap. Works on any credentials that may patch NodePowerCaps.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/durations.h"
#include "cli/outcome.h"

namespace headroom::cli {

struct ReleaseCommand {
  std::vector<std::string> nodes;
  bool all = false;       // every node that has a NodePowerCap
  bool withdraw = false;  // take the request back, wait for nothing
  std::string kubeconfig{};
  base::Milliseconds wait{60'000};  // 0: ask and return
};

// Status: 0 all are released (or withdrawn, or asked where it does not wait), 1 some are kept, or not released in time,
// 2 the API server does not answer or refuses. The output has a line for each node.
[[nodiscard]] Outcome run_release(const ReleaseCommand& command, base::Clock& clock);

}  // namespace headroom::cli
