// "headroom racks", "headroom topology", "headroom explain": ask a running extender and print tables; "headroom agent":
// the same of a node's agent.
//
// The extender answers on loopback only. From outside its pod:
//   kubectl -n headroom-system port-forward deploy/headroom-scheduler 9876
#pragma once

#include <string>

#include "base/durations.h"
#include "base/result.h"
#include "cli/outcome.h"
#include "runtime/tls.h"

namespace headroom::cli {

enum class Question { racks, topology, explain, agent };

struct AskCommand {
  Question question = Question::racks;
  std::string url = "http://127.0.0.1:9876";
  std::string pod{};   // explain: "namespace/name" or a UID
  std::string node{};  // explain: empty for all nodes
  bool raw_json = false;
  base::Milliseconds timeout{10'000};
  runtime::ClientTls tls{};
};

// Status: 0 answered, 1 the extender answered that it cannot say (not ready, no such pod), 2 no answer.
[[nodiscard]] Outcome run_ask(const AskCommand& command);

}  // namespace headroom::cli
