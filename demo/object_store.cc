#include "demo/object_store.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

namespace headroom::demo {

struct ObjectStore::State {
  std::size_t history_limit = 0;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::map<ObjectKey, ObjectPtr> objects;
  std::deque<StoredChange> history;
  std::uint64_t revision = 1'000;  // a fresh etcd does not begin at zero either
  std::uint64_t compacted = 1'000;
  bool closed = false;

  ObjectPtr record(ChangeKind kind, const ObjectKey& key, Json object, const ObjectPtr& previous) {
    ++revision;
    object["metadata"]["resourceVersion"] = std::to_string(revision);
    auto stored = std::make_shared<const Json>(std::move(object));
    history.push_back({revision, kind, key, stored, previous});
    if (history.size() > history_limit) {
      compacted = history.front().revision;
      history.pop_front();
    }
    changed.notify_all();
    return stored;
  }
};

ObjectStore::ObjectStore(std::size_t history) : state_(std::make_unique<State>()) {
  state_->history_limit = history;
}
ObjectStore::~ObjectStore() = default;

ObjectPtr ObjectStore::change(const ObjectKey& key, const Decide& decide) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->objects.find(key);
  ObjectPtr current = found == state_->objects.end() ? nullptr : found->second;
  const Decision decision = decide(current);
  if (decision.action == Decision::Action::remove && current) {
    ObjectPtr last = state_->record(ChangeKind::deleted, key, *current, current);
    state_->objects.erase(found);
    return last;
  }
  if (decision.action != Decision::Action::put) return current;
  if (current) {
    (*decision.object)["metadata"]["resourceVersion"] = (*current)["metadata"]["resourceVersion"];
    if (*decision.object == *current) return current;
  }
  const ChangeKind kind = current ? ChangeKind::modified : ChangeKind::added;
  ObjectPtr stored = state_->record(kind, key, std::move(*decision.object), current);
  state_->objects[key] = stored;
  return stored;
}

ObjectPtr ObjectStore::get(const ObjectKey& key) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->objects.find(key);
  return found == state_->objects.end() ? nullptr : found->second;
}

ObjectStore::Listing ObjectStore::list(const std::string& type, const std::string& ns) const {
  const std::lock_guard lock(state_->mutex);
  Listing listing{state_->revision, {}};
  for (auto it = state_->objects.lower_bound({type, ns, ""}); it != state_->objects.end(); ++it) {
    if (it->first.type != type || (!ns.empty() && it->first.ns != ns)) break;
    listing.objects.push_back(*it);
  }
  return listing;
}

std::uint64_t ObjectStore::revision() const {
  const std::lock_guard lock(state_->mutex);
  return state_->revision;
}

std::optional<ObjectStore::Changes> ObjectStore::changes(const Since& since) const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, since.patience, [&] { return state_->closed || state_->revision > since.revision; });
  if (since.revision < state_->compacted) return std::nullopt;
  Changes found{std::max(state_->revision, since.revision), {}};
  for (auto it = state_->history.rbegin(); it != state_->history.rend() && it->revision > since.revision; ++it) {
    if (it->key.type == since.type) found.changes.push_back(*it);
  }
  std::reverse(found.changes.begin(), found.changes.end());
  return found;
}

bool ObjectStore::knows(std::uint64_t revision) const {
  const std::lock_guard lock(state_->mutex);
  return revision >= state_->compacted;
}

void ObjectStore::compact() {
  const std::lock_guard lock(state_->mutex);
  state_->history.clear();
  state_->compacted = ++state_->revision;
}

void ObjectStore::close() {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  state_->changed.notify_all();
}

}  // namespace headroom::demo
