// keep_books() with what it needs from one snapshot to the next: compiles topologies and policies when they change and
// carries the memory on. One call, one set of books; both programs that live on books use it. Pure but for its own
// state; not thread-safe: one thread owns it.
#pragma once

#include <memory>

#include "base/clock.h"
#include "model/cluster_snapshot.h"
#include "policy/resolve.h"
#include "scoring/keep_books.h"
#include "scoring/settings.h"
#include "topology/compile.h"

namespace headroom::scoring {

class BooksKeeper {
 public:
  explicit BooksKeeper(std::shared_ptr<const Settings> settings) : settings_(std::move(settings)) {}

  // REQUIRES: a snapshot, not older than the last one.
  [[nodiscard]] std::shared_ptr<const Books> keep(const std::shared_ptr<const model::ClusterSnapshot>& snapshot,
                                                  base::WallTime now);

 private:
  void take_topologies(const model::ClusterSnapshot& snapshot);
  void take_policies(const model::ClusterSnapshot& snapshot);

  std::shared_ptr<const Settings> settings_;
  std::shared_ptr<const model::ClusterSnapshot> last_;  // keeps the compared objects alive
  std::shared_ptr<const topology::Compiled> topology_;
  std::shared_ptr<const policy::PolicyIndex> policies_;
  BooksMemory memory_;
};

}  // namespace headroom::scoring
