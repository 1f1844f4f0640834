// Everything known of the cluster at one moment, published as one immutable value by cluster/.
//
// Objects are shared between successive snapshots, so that publishing costs pointers, not copies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/device_claim.h"
#include "model/node.h"
#include "model/node_power_cap.h"
#include "model/pod.h"
#include "model/policy.h"
#include "model/telemetry.h"
#include "model/topology.h"

namespace headroom::model {

// An object the API server accepted and we could not read (a newer schema, say). Its effect is "invalid", never "none".
struct UnreadableObject {
  std::string name;  // "namespace/name" or "name"
  std::string error;
};

struct DeletedNode {
  std::shared_ptr<const Node> node;
  base::WallTime deleted_at;
};

struct SyncState {
  bool nodes = false;
  bool pods = false;
  bool policies = false;
  bool topologies = false;
  bool node_power_caps = false;          // deciding about placement does not wait for these
  bool crds_missing = false;             // a CRD answered 404: the last objects stay, nothing becomes unlimited
  bool node_power_caps_missing = false;  // likewise, for the CRD of NodePowerCap: nothing can be capped

  [[nodiscard]] bool complete() const { return nodes && pods && policies && topologies; }
};

struct ClusterSnapshot {
  std::uint64_t sequence = 0;  // grows with every publication
  base::WallTime built_at;
  SyncState sync;

  std::vector<std::shared_ptr<const Node>> nodes;  // sorted by name
  std::vector<UnreadableObject> unreadable_nodes;  // their last readable version stays in `nodes`
  std::vector<DeletedNode> deleted_nodes;          // kept for 15 minutes: the machine may still draw
  std::vector<std::shared_ptr<const Pod>> pods;    // all that are not gone, sorted by uid
  std::vector<UnreadableObject> unreadable_pods;   // their last readable version stays in `pods`
  // How many times the full list of pods has been replaced: lets a reader tell "absent from a newer list".
  std::uint64_t pod_list_generation = 0;
  // UIDs of pods whose deletion the watch reported in the last 5 minutes, sorted. Proves gone even a pod that came and
  // went between two publications; scoring::Ledger::settle needs it.
  std::vector<std::string> deleted_pods;

  // ResourceClaims and their templates. The same pointer as in the snapshot before while none changed. Null: none known
  // (the API server does not serve them, or we may not read them).
  std::shared_ptr<const DeviceClaims> device_claims;

  std::vector<std::shared_ptr<const PolicyObject>> policies;
  std::vector<UnreadableObject> unreadable_policies;
  std::vector<std::shared_ptr<const TopologyObject>> topologies;
  std::vector<UnreadableObject> unreadable_topologies;
  // One a node at most, sorted by name. A node without one, or with one that cannot be read, may draw its maximum.
  std::vector<std::shared_ptr<const NodePowerCap>> node_power_caps;
  std::vector<UnreadableObject> unreadable_node_power_caps;
  // Specs stored by the controller while they were valid; the fallback of an invalid component after a restart.
  std::vector<std::shared_ptr<const TopologyObject>> last_valid_topologies;

  std::shared_ptr<const TelemetrySnapshot> telemetry;  // never null
};

}  // namespace headroom::model
