#include "test/rigs/raplfs/world.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

namespace headroom::raplfs {

namespace {

constexpr std::int64_t kMicrosecondsASecond = 1'000'000;

std::string_view name_of(Access access) {
  switch (access) {
    case Access::open: return "open";
    case Access::read: return "read";
    case Access::write: return "write";
  }
  return "";
}

std::uint64_t whole(double microwatts) {
  return static_cast<std::uint64_t>(microwatts);
}

}  // namespace

World::World(const std::string& log_path) : recorder_(log_path) {}

Moment World::now() const {
  if (stopped_at_) return *stopped_at_;
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kMicrosecondsASecond + time.tv_nsec / 1000;
}

void World::bring_up_to_date() {
  const Moment moment = now();
  for (const auto& [name, node] : nodes_) node->advance(moment);
}

Sums World::sums(const std::string& path) const {
  Sums result;
  const std::string of = path.substr(0, path.find('/'));
  for (const auto& [name, node] : nodes_) {
    const std::uint64_t caps = whole(node->effective_caps());
    result.all += caps;
    if (name == of) result.node = caps;
  }
  return result;
}

std::optional<Found> World::stat(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Entry* entry = tree_.find(path);
  if (entry == nullptr) return std::nullopt;
  if (entry->is_link()) return Found{Found::Kind::link, 0777, entry->target};
  if (entry->attribute) return Found{Found::Kind::attribute, entry->attribute->mode, ""};
  return Found{Found::Kind::directory, 0755, ""};
}

std::vector<std::string> World::list(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Entry* entry = tree_.find(path);
  if (entry == nullptr) return {};
  return {entry->children.begin(), entry->children.end()};
}

FaultAction World::meet_fault(std::unique_lock<std::mutex>& lock, const Attempt& attempt) {
  const Fault* fault = faults_.take(attempt);
  if (fault == nullptr) return {};
  FaultAction action = fault->action;
  const auto released = fault->released;
  if (!action.hang && action.delay_milliseconds == 0) return action;
  const std::string path(attempt.path);
  recorder_.record({"hang", path, name_of(attempt.access), "begins", sums(path)});
  ++hanging_;
  if (action.hang) {
    released_.wait(lock, [&] { return *released; });
  } else {
    released_.wait_for(lock, std::chrono::milliseconds(action.delay_milliseconds), [&] { return *released; });
  }
  --hanging_;
  recorder_.record({"hang", path, name_of(attempt.access), "ends", sums(path)});
  return action;
}

Opened World::open(const std::string& path, int flags) {
  std::unique_lock lock(mutex_);
  const FaultAction action = meet_fault(lock, {path, Access::open});
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if ((flags & O_TRUNC) != 0) recorder_.record({"open-truncate", path, "", "ok", sums(path)});
  if (action.error != 0) {
    if (writes) recorder_.record({"open", path, "", errno_name(action.error), sums(path)});
    return {action.error, nullptr};
  }
  const Entry* entry = tree_.find(path);
  if (entry == nullptr || !entry->attribute) return {ENOENT, nullptr};
  const Attribute& attribute = *entry->attribute;
  // The kernel refuses this to root as well: the attribute has no such operation.
  if (writes && !attribute.store) return {EACCES, nullptr};
  if ((flags & O_ACCMODE) != O_WRONLY && !attribute.show) return {EACCES, nullptr};
  return {0, std::make_unique<Handle>(Handle{path, entry->attribute, {}, {}, {}})};
}

Shown World::read(Handle& handle, std::size_t size, std::size_t offset) {
  std::unique_lock lock(mutex_);
  if (offset == 0) {
    const FaultAction action = meet_fault(lock, {handle.path, Access::read});
    bring_up_to_date();
    if (handle.attribute->gone) return {ENODEV, ""};
    if (action.error != 0) return {action.error, ""};
    handle.shorten = action.shorten;
    handle.endless = action.endless;
    Shown shown = action.content ? Shown{0, *action.content} : handle.attribute->show();
    if (recorder_.reads) {
      recorder_.record({"read", handle.path, shown.text, errno_name(shown.error), sums(handle.path)});
    }
    if (shown.error != 0) return shown;
    handle.text = std::move(shown.text);
  }
  if (handle.shorten) size = std::min(size, *handle.shorten);
  if (handle.endless)
    return {
        0, std::string(
               std::min<std::uint64_t>(size, *handle.endless - std::min<std::uint64_t>(*handle.endless, offset)), '9')};
  if (offset >= handle.text.size()) return {0, ""};
  return {0, handle.text.substr(offset, size)};
}

int World::store(const Handle& handle, std::string_view data, const FaultAction& action) {
  if (handle.attribute->gone) return ENODEV;
  if (action.error != 0) return action.error;
  if (action.ignore) return 0;
  return handle.attribute->store(action.instead ? std::string_view(*action.instead) : data);
}

Written World::write(const Handle& handle, std::string_view data) {
  std::unique_lock lock(mutex_);
  const FaultAction action = meet_fault(lock, {handle.path, Access::write});
  bring_up_to_date();
  const std::size_t taken = action.shorten ? std::min(*action.shorten, data.size()) : data.size();
  const int error = store(handle, data.substr(0, taken), action);
  std::string result = errno_name(error);
  if (error == 0 && action.ignore) result = "dropped";
  if (error == 0 && taken < data.size()) result = "short=" + std::to_string(taken);
  recorder_.record({"write", handle.path, data, result, sums(handle.path)});
  return {error, taken};
}

void World::note(std::string_view event, const std::string& path) {
  const std::lock_guard lock(mutex_);
  recorder_.record({event, path, "", "ok", sums(path)});
}

void World::script(std::string_view command, const Change& change) {
  const std::lock_guard lock(mutex_);
  bring_up_to_date();
  change(*this);
  recorder_.record({"script", "-", command, "ok", sums("")});
  released_.notify_all();
}

Node* World::node(const std::string& name) {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? nullptr : found->second.get();
}

Node& World::add_node(const std::string& name) {
  nodes_.erase(name);  // first: the old node's destructor removes the files of that name
  return *nodes_.emplace(name, std::make_unique<Node>(name, tree_)).first->second;
}

bool World::remove_node(const std::string& name) {
  return nodes_.erase(name) == 1;
}

void World::stop_clock() {
  stopped_at_ = now();
}

void World::advance_clock(Moment by) {
  stop_clock();
  *stopped_at_ += by;
  bring_up_to_date();
}

}  // namespace headroom::raplfs
