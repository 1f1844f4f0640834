// The API server's kinds that the store mirrors: how each is read, and the sink that carries changes to the writer.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/cluster_state.h"
#include "kube/reflector.h"

namespace headroom::cluster {

inline constexpr std::array<SourceKind, kSourceKinds> kSources{
    SourceKind::nodes,           SourceKind::pods,
    SourceKind::policies,        SourceKind::topologies,
    SourceKind::last_valid,      SourceKind::node_power_caps,
    SourceKind::resource_claims, SourceKind::resource_claim_templates};

[[nodiscard]] kube::ReflectorOptions reflector_options(SourceKind kind, const std::string& system_namespace);
// For logs, metrics and debug.
[[nodiscard]] std::string name_of(SourceKind kind);

// Called on the reflector's thread; `push` must be thread-safe.
class QueueSink final : public kube::ObjectSink {
 public:
  using Push = std::function<void(Change)>;
  QueueSink(SourceKind source, Push push) : source_(source), push_(std::move(push)) {}

  void replace(std::vector<kube::ObjectEntry> all) override;
  void update(kube::ObjectEntry entry) override;
  void remove(const kube::ObjectEntry& last) override;
  void status(const kube::ReflectorStatus& status);

 private:
  void push_one(Change::What what, kube::ObjectEntry entry);

  const SourceKind source_;
  const Push push_;
};

}  // namespace headroom::cluster
