// The joining itself: changes in, snapshots out. Pure values and no threads; `now` is a parameter.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/object_table.h"
#include "cluster/pod_table.h"
#include "kube/reflector.h"
#include "model/cluster_snapshot.h"
#include "model/telemetry.h"

namespace headroom::cluster {

enum class SourceKind {
  nodes,
  pods,
  policies,
  topologies,
  last_valid,
  node_power_caps,
  resource_claims,           // not served by every API server
  resource_claim_templates,  // likewise
};
inline constexpr std::size_t kSourceKinds = 8;

// What a reflector reports, in its order.
struct Change {
  enum class What { replace, update, remove, status };
  SourceKind source = SourceKind::nodes;
  What what = What::status;
  std::vector<kube::ObjectEntry> entries{};  // one for update and remove
  kube::ReflectorStatus status{};
};

class ClusterState {
 public:
  // False: nothing that a snapshot shows has changed (most updates of a Node are heartbeats).
  bool apply(Change change, base::WallTime now);
  // The same content again gives a new snapshot with a higher sequence. telemetry: never null.
  [[nodiscard]] std::shared_ptr<const model::ClusterSnapshot> snapshot(
      base::WallTime now, std::shared_ptr<const model::TelemetrySnapshot> telemetry);

  // When something will leave the snapshot by time alone; WallTime::max(): nothing will.
  [[nodiscard]] base::WallTime next_expiry() const;
  [[nodiscard]] const kube::ReflectorStatus& status(SourceKind kind) const { return statuses_[index(kind)]; }
  [[nodiscard]] std::size_t objects(SourceKind kind) const;
  // Grow with every change of the kind.
  [[nodiscard]] std::uint64_t version(SourceKind kind) const { return versions_[index(kind)]; }

 private:
  [[nodiscard]] static std::size_t index(SourceKind kind) { return static_cast<std::size_t>(kind); }
  void replace(SourceKind kind, std::vector<kube::ObjectEntry> all, base::WallTime now);
  bool put(SourceKind kind, const kube::ObjectEntry& entry);
  void remove(SourceKind kind, const std::string& name, base::WallTime now);
  bool put_node(const kube::ObjectEntry& entry);
  void remove_node(const std::string& name, base::WallTime now);
  bool put_last_valid(const kube::ObjectEntry& entry);
  [[nodiscard]] std::vector<std::string> names(SourceKind kind) const;
  [[nodiscard]] std::shared_ptr<const model::DeviceClaims> device_claims();

  ObjectTable<model::Node> nodes_{OnUnreadable::keep_last};
  std::map<std::string, model::DeletedNode> deleted_nodes_;
  PodTable pods_;
  ObjectTable<model::PolicyObject> policies_{OnUnreadable::forget};
  ObjectTable<model::TopologyObject> topologies_{OnUnreadable::forget};
  std::vector<std::shared_ptr<const model::TopologyObject>> last_valid_;
  ObjectTable<model::NodePowerCap> node_power_caps_{OnUnreadable::forget};
  // One that cannot be read any more is unknown, and its pods count the most.
  ObjectTable<model::DeviceClaim> resource_claims_{OnUnreadable::forget};
  ObjectTable<model::DeviceClaim> resource_claim_templates_{OnUnreadable::forget};
  std::shared_ptr<const model::DeviceClaims> device_claims_;  // of both tables, at the versions below
  std::array<std::uint64_t, 2> device_claims_versions_{};
  std::array<kube::ReflectorStatus, kSourceKinds> statuses_{};
  std::array<std::uint64_t, kSourceKinds> versions_{};
  std::array<bool, kSourceKinds> listed_{};  // a full list has been read once
  std::uint64_t sequence_ = 0;
};

}  // namespace headroom::cluster
