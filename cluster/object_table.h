// The readable objects of one kind, and what is wrong with the others. Not thread-safe: the writer's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/cluster_snapshot.h"

namespace headroom::cluster {

// What an object that cannot be read any more leaves behind.
enum class OnUnreadable {
  keep_last,  // nodes: they still draw power
  forget,     // policies, topologies: the last version is not what the user wants now; others hold it where they may
};

template <class T>
class ObjectTable {
 public:
  using Pointer = std::shared_ptr<const T>;

  explicit ObjectTable(OnUnreadable on_unreadable) : on_unreadable_(on_unreadable) {}

  // Both give true where that changes anything.
  bool put(const std::string& name, Pointer object) {
    Row& row = rows_[name];
    if (row.object && row.error.empty() && *row.object == *object) return false;
    row = Row{std::move(object), {}};
    return true;
  }
  bool put_unreadable(const std::string& name, const std::string& error) {
    Row& row = rows_[name];
    if (on_unreadable_ == OnUnreadable::forget) row.object.reset();
    const bool changed = row.error != error;
    row.error = error;
    return changed;
  }
  // The last readable version; null where there is none.
  Pointer remove(const std::string& name) {
    const auto found = rows_.find(name);
    if (found == rows_.end()) return nullptr;
    Pointer last = std::move(found->second.object);
    rows_.erase(found);
    return last;
  }

  [[nodiscard]] Pointer find(const std::string& name) const {
    const auto found = rows_.find(name);
    return found == rows_.end() ? nullptr : found->second.object;
  }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    names.reserve(rows_.size());
    for (const auto& [name, row] : rows_) names.push_back(name);
    return names;
  }
  // Both sorted by name.
  [[nodiscard]] std::vector<Pointer> objects() const {
    std::vector<Pointer> objects;
    objects.reserve(rows_.size());
    for (const auto& [name, row] : rows_) {
      if (row.object) objects.push_back(row.object);
    }
    return objects;
  }
  [[nodiscard]] std::vector<model::UnreadableObject> unreadable() const {
    std::vector<model::UnreadableObject> unreadable;
    for (const auto& [name, row] : rows_) {
      if (!row.error.empty()) unreadable.push_back({name, row.error});
    }
    return unreadable;
  }

 private:
  struct Row {
    Pointer object;
    std::string error;
  };
  OnUnreadable on_unreadable_;
  std::map<std::string, Row> rows_;
};

}  // namespace headroom::cluster
