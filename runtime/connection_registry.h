// Which connections a server has, and which of them are idle: for a prompt drain, and so that idle keep-alive
// connections never keep a new one waiting. Thread-safe. Connections are known by their socket.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace headroom::runtime {

class ConnectionRegistry {
 public:
  // False: the server stops; do not serve it.
  [[nodiscard]] bool add(int socket);
  // Before the socket is closed.
  void remove(int socket);

  // Between requests. False: the server stops.
  [[nodiscard]] bool enter_idle(int socket);
  // A request has begun. False: the connection was given up while idle; answer what has come, then close.
  [[nodiscard]] bool leave_idle(int socket);

  // A new connection needs room: ends the one that has been idle longest, now or, where none is idle, as soon as one
  // is.
  void make_room();
  // Nobody waits for room any more.
  void room_found();
  // Ends idle connections and makes enter_idle() and add() fail from now on.
  void drain();
  // Ends all connections at once.
  void abort();

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::uint64_t evicted() const;

 private:
  struct Entry {
    std::uint64_t idle_since = 0;  // 0: busy
    bool given_up = false;
  };
  void give_up(int socket, Entry& entry);
  void evict_longest_idle();

  mutable std::mutex mutex_;
  std::map<int, Entry> connections_;
  std::set<std::pair<std::uint64_t, int>> idle_;  // longest first
  std::uint64_t sequence_ = 0;
  std::uint64_t evicted_ = 0;
  std::uint64_t wanted_ = 0;  // evictions owed
  bool draining_ = false;
};

}  // namespace headroom::runtime
