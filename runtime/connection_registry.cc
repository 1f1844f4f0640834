#include "runtime/connection_registry.h"

#include <sys/socket.h>

namespace headroom::runtime {

bool ConnectionRegistry::add(int socket) {
  const std::lock_guard lock(mutex_);
  if (draining_) return false;
  connections_.emplace(socket, Entry{});
  return true;
}

void ConnectionRegistry::remove(int socket) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(socket);
  if (found == connections_.end()) return;
  idle_.erase({found->second.idle_since, socket});
  connections_.erase(found);
}

bool ConnectionRegistry::enter_idle(int socket) {
  const std::lock_guard lock(mutex_);
  if (draining_) return false;
  Entry& entry = connections_.at(socket);
  entry.idle_since = ++sequence_;
  idle_.insert({entry.idle_since, socket});
  if (wanted_ > 0) {
    --wanted_;
    evict_longest_idle();
  }
  return true;
}

bool ConnectionRegistry::leave_idle(int socket) {
  const std::lock_guard lock(mutex_);
  Entry& entry = connections_.at(socket);
  idle_.erase({entry.idle_since, socket});
  entry.idle_since = 0;
  return !entry.given_up;
}

void ConnectionRegistry::give_up(int socket, Entry& entry) {
  entry.given_up = true;
  // Only the reading side: a request that has just arrived is still answered.
  ::shutdown(socket, SHUT_RD);
}

void ConnectionRegistry::evict_longest_idle() {
  const int socket = idle_.begin()->second;
  idle_.erase(idle_.begin());
  give_up(socket, connections_.at(socket));
  ++evicted_;
}

void ConnectionRegistry::make_room() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) {
    ++wanted_;
  } else {
    evict_longest_idle();
  }
}

void ConnectionRegistry::room_found() {
  const std::lock_guard lock(mutex_);
  wanted_ = 0;
}

void ConnectionRegistry::drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  for (const auto& [since, socket] : idle_) give_up(socket, connections_.at(socket));
  idle_.clear();
}

void ConnectionRegistry::abort() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  for (const auto& [socket, entry] : connections_) ::shutdown(socket, SHUT_RDWR);
}

std::size_t ConnectionRegistry::size() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

std::uint64_t ConnectionRegistry::evicted() const {
  const std::lock_guard lock(mutex_);
  return evicted_;
}

}  // namespace headroom::runtime
