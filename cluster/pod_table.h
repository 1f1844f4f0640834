// All pods that exist, by UID, and the UIDs of those that lately ceased to. Not thread-safe: the writer's.
//
// A pod that cannot be read keeps its last readable version, because it still draws. A name that turns up under another
// UID is another pod: the one before is gone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "kube/object.h"
#include "model/cluster_snapshot.h"

namespace headroom::cluster {

class PodTable {
 public:
  using Pointer = std::shared_ptr<const model::Pod>;

  void replace(std::vector<kube::ObjectEntry> all, base::WallTime now);
  void update(kube::ObjectEntry entry, base::WallTime now);
  void remove(const kube::ObjectEntry& last, base::WallTime now);
  void forget_deleted_before(base::WallTime time);

  // Of full lists read.
  [[nodiscard]] std::uint64_t list_generation() const { return list_generation_; }
  [[nodiscard]] std::size_t size() const { return by_uid_.size(); }
  // Sorted by UID.
  [[nodiscard]] const std::vector<Pointer>& pods();
  [[nodiscard]] std::vector<std::string> deleted() const;
  [[nodiscard]] std::vector<model::UnreadableObject> unreadable() const;

 private:
  void drop(const std::string& uid, base::WallTime now);

  std::map<std::string, Pointer> by_uid_;
  std::unordered_map<std::string, std::string> uid_of_;  // by "namespace/name"
  std::map<std::string, std::string> unreadable_;        // error by "namespace/name"
  struct Deleted {
    std::string uid;
    base::WallTime at;
  };
  std::deque<Deleted> deleted_;  // oldest first
  std::vector<Pointer> sorted_;  // of by_uid_, while it is not stale
  bool stale_ = false;
  std::uint64_t list_generation_ = 0;
};

}  // namespace headroom::cluster
