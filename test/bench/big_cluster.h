// A cluster of any size for measurements: nodes named as in the captured requests (node-00000 ...), 25 to a rack, every
// rack fed by two PDUs, each PDU by a UPS, each UPS by a feed; all metered, ten pods a node. One rack in five is full.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "model/cluster_snapshot.h"
#include "scoring/keep_books.h"

namespace headroom::bench {

inline constexpr int kNodesPerRack = 25;
inline constexpr std::int64_t kWattsPerCore = 10;

struct ClusterSize {
  int nodes = 500;
  int pods_per_node = 10;
};

// Readings are stamped at `now`. `sequence` counts publications.
[[nodiscard]] std::shared_ptr<const model::ClusterSnapshot> big_cluster(const ClusterSize& size, base::WallTime now);

// The same objects with fresh readings and the next sequence number; `changed_pods` of the pods are new objects.
struct Step {
  base::WallTime now;
  int changed_pods = 0;
};
[[nodiscard]] std::shared_ptr<const model::ClusterSnapshot> next_snapshot(const model::ClusterSnapshot& before,
                                                                          const Step& step);

// What keep_books() takes, with topologies and policies compiled.
[[nodiscard]] scoring::BooksInput books_input(std::shared_ptr<const model::ClusterSnapshot> snapshot,
                                              base::WallTime now);

// A pod of the size that the captured requests ask for, but with watts that tell full racks from others.
[[nodiscard]] model::Pod waiting_pod();

}  // namespace headroom::bench
