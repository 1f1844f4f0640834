// Which Events to write, given what was recorded: aggregation and budgets, without I/O, clock or threads.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/durations.h"
#include "kube/events.h"

namespace headroom::kube {

// One Event object to create, or the series of one to bring up to date.
struct EventWrite {
  Event event;
  std::string name;  // of the Event object
  std::uint64_t count = 1;
  base::WallTime first;
  base::WallTime last;
  bool create = false;
};

struct EventTime {
  base::MonoTime mono;
  base::WallTime wall;
};

class EventBook {
 public:
  enum class Fate { write, aggregated, dropped };
  struct Added {
    Fate fate = Fate::write;
    std::optional<EventWrite> write{};  // with Fate::write
  };
  [[nodiscard]] Added add(const Event& event, EventTime now);
  // Series whose count has grown and whose turn has come. Forgets those that have been quiet for long.
  [[nodiscard]] std::vector<EventWrite> due(base::MonoTime now);

 private:
  struct Key {
    ObjectRef regarding;
    EventType type = EventType::normal;
    std::string reason;
    std::string action;
    auto operator<=>(const Key&) const = default;
  };
  struct Series {
    EventWrite write;
    std::uint64_t written_count = 1;
    base::MonoTime last_seen;
    base::MonoTime last_written;
  };
  struct Budget {
    double left = 0;
    base::MonoTime counted_at;
  };
  [[nodiscard]] bool spend(const ObjectRef& object, base::MonoTime now);

  std::map<Key, Series> series_;
  std::map<ObjectRef, Budget> budgets_;
  std::uint64_t names_ = 0;
};

// The JSON of an Event to create, and of the merge patch that updates its series.
[[nodiscard]] std::string event_body(const EventWrite& write, const EventRecorderOptions& options);
[[nodiscard]] std::string series_body(const EventWrite& write);
// Where Events about the object live: those of cluster-scoped ones in "default".
[[nodiscard]] std::string event_namespace(const ObjectRef& object);

}  // namespace headroom::kube
