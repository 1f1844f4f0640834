// What the decision loop publishes: the books, and the snapshot they were made from. Requests read it once.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/durations.h"
#include "base/published.h"
#include "model/cluster_snapshot.h"
#include "scoring/books.h"

namespace headroom::extender {

// Immutable; neither pointer is null.
struct Decision {
  std::shared_ptr<const model::ClusterSnapshot> snapshot;
  std::shared_ptr<const scoring::Books> books;
  base::MonoTime kept_at;  // when the books were made
};

// Null until nodes, pods, policies and topologies have been listed once.
using PublishedDecision = base::Published<Decision>;

// A pod of the snapshot; null: not there.
[[nodiscard]] std::shared_ptr<const model::Pod> find_pod_by_uid(const model::ClusterSnapshot& snapshot,
                                                                std::string_view uid);
// By "namespace/name" or by uid. Walks all pods: for people's questions only.
[[nodiscard]] std::shared_ptr<const model::Pod> find_pod(const model::ClusterSnapshot& snapshot, std::string_view key);

// Why no decision may be based on this; empty: it may. The text starts with a CamelCase reason.
struct Freshness {
  base::MonoTime now;
  base::Milliseconds max_age;
};
[[nodiscard]] std::string not_usable(const Decision* decision, const Freshness& freshness);

// What is still missing before the first books: "CRDsMissing: ..." or "NotSynced: waiting for nodes, pods".
[[nodiscard]] std::string not_synced(const model::ClusterSnapshot* snapshot);

}  // namespace headroom::extender
