#include "cluster/pod_table.h"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <variant>

namespace headroom::cluster {

void PodTable::replace(std::vector<kube::ObjectEntry> all, base::WallTime now) {
  std::unordered_set<std::string> listed;
  listed.reserve(all.size());
  for (const kube::ObjectEntry& entry : all) listed.insert(entry.key);
  std::vector<std::string> missing;
  for (const auto& [key, uid] : uid_of_) {
    if (!listed.contains(key)) missing.push_back(key);
  }
  for (const std::string& key : missing) {
    drop(uid_of_.at(key), now);
    uid_of_.erase(key);
  }
  unreadable_.clear();
  for (kube::ObjectEntry& entry : all) update(std::move(entry), now);
  ++list_generation_;
}

void PodTable::update(kube::ObjectEntry entry, base::WallTime now) {
  const auto known = uid_of_.find(entry.key);
  if (known != uid_of_.end() && !entry.uid.empty() && known->second != entry.uid) {
    drop(known->second, now);
    uid_of_.erase(known);
  }
  const auto* pod = std::get_if<Pointer>(&entry.object);
  if (pod == nullptr) {
    unreadable_.insert_or_assign(entry.key, std::move(entry.error));
    return;
  }
  unreadable_.erase(entry.key);
  by_uid_.insert_or_assign(entry.uid, *pod);
  uid_of_.insert_or_assign(std::move(entry.key), std::move(entry.uid));
  stale_ = true;
}

void PodTable::remove(const kube::ObjectEntry& last, base::WallTime now) {
  unreadable_.erase(last.key);
  const auto known = uid_of_.find(last.key);
  const std::string uid = last.uid.empty() && known != uid_of_.end() ? known->second : last.uid;
  // A DELETED of an earlier pod of the name must not take the present one away.
  if (known != uid_of_.end() && known->second == uid) uid_of_.erase(known);
  drop(uid, now);
}

void PodTable::drop(const std::string& uid, base::WallTime now) {
  if (uid.empty()) return;
  by_uid_.erase(uid);
  deleted_.push_back({uid, now});
  stale_ = true;
}

void PodTable::forget_deleted_before(base::WallTime time) {
  while (!deleted_.empty() && deleted_.front().at < time) deleted_.pop_front();
}

const std::vector<PodTable::Pointer>& PodTable::pods() {
  if (stale_) {
    sorted_.clear();
    sorted_.reserve(by_uid_.size());
    for (const auto& [uid, pod] : by_uid_) sorted_.push_back(pod);
    stale_ = false;
  }
  return sorted_;
}

std::vector<std::string> PodTable::deleted() const {
  std::vector<std::string> uids;
  uids.reserve(deleted_.size());
  for (const Deleted& one : deleted_) uids.push_back(one.uid);
  std::sort(uids.begin(), uids.end());
  uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
  return uids;
}

std::vector<model::UnreadableObject> PodTable::unreadable() const {
  std::vector<model::UnreadableObject> unreadable;
  for (const auto& [key, error] : unreadable_) unreadable.push_back({key, error});
  return unreadable;
}

}  // namespace headroom::cluster
