// Which nodes have no ready agent, and since when: what such a node was last known to be held to counts for a grace
// time only. Pure but for that memory; not thread-safe.
//
// Agents are the pods of one namespace that carry app.kubernetes.io/component: agent. Where there is none at all they
// run otherwise (standalone, as host services), and their NodePowerCaps alone tell of them.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "model/cluster_snapshot.h"
#include "policy/charge.h"

namespace headroom::controller {

struct AgentRules {
  std::string ns;
  base::Seconds grace{300};
};

class AgentPresences {
 public:
  using ByNode = std::map<std::string, policy::AgentPresence, std::less<>>;

  explicit AgentPresences(AgentRules rules) : rules_(std::move(rules)) {}

  // Of the nodes of the snapshot whose agent is not ready.
  [[nodiscard]] ByNode seen(const model::ClusterSnapshot& snapshot, base::MonoTime now);

 private:
  AgentRules rules_;
  std::map<std::string, base::MonoTime> missing_since_;
};

}  // namespace headroom::controller
