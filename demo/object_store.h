// Versioned objects with their history: what etcd and the watch cache are to an API server. In memory.
//
// Thread-safe. Objects are immutable once stored. The store knows nothing of HTTP or of kinds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/durations.h"
#include "demo/json.h"

namespace headroom::demo {

using ObjectPtr = std::shared_ptr<const Json>;

struct ObjectKey {
  std::string type;  // ResourceType::id()
  std::string ns;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
};

enum class ChangeKind { added, modified, deleted };

struct StoredChange {
  std::uint64_t revision = 0;
  ChangeKind kind = ChangeKind::added;
  ObjectKey key;
  ObjectPtr object;    // as it is now; of a deleted one the last state, with the deletion's resourceVersion
  ObjectPtr previous;  // null for added
};

class ObjectStore {
 public:
  // `history`: how many changes watches can go back to.
  explicit ObjectStore(std::size_t history);
  ~ObjectStore();
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  // What a writer decides, given what is there (null: nothing).
  struct Decision {
    enum class Action { keep, put, remove } action = Action::keep;
    std::shared_ptr<Json> object;  // to put; its metadata.resourceVersion is set by the store
  };
  using Decide = std::function<Decision(const ObjectPtr& current)>;
  // Reads, decides and writes as one step. Gives the object as stored (removed: its last state); null where there is
  // none. Putting an object equal to the one there changes nothing.
  ObjectPtr change(const ObjectKey& key, const Decide& decide);

  [[nodiscard]] ObjectPtr get(const ObjectKey& key) const;
  // In the order of namespace and name, behind `after` (exclusive). An empty namespace: all.
  struct Listing {
    std::uint64_t revision = 0;
    std::vector<std::pair<ObjectKey, ObjectPtr>> objects;
  };
  [[nodiscard]] Listing list(const std::string& type, const std::string& ns) const;

  [[nodiscard]] std::uint64_t revision() const;
  // Changes of one type after a revision, waiting for the first up to `patience`. Nothing: too long ago to tell.
  // `revision`: up to where they are complete.
  struct Changes {
    std::uint64_t revision = 0;
    std::vector<StoredChange> changes;
  };
  struct Since {
    std::string type;
    std::uint64_t revision = 0;
    base::Milliseconds patience{0};
  };
  [[nodiscard]] std::optional<Changes> changes(const Since& since) const;
  [[nodiscard]] bool knows(std::uint64_t revision) const;  // changes() from there would succeed

  // Forgets the history: watches from before end as expired.
  void compact();
  // Wakes everybody who waits; changes() no longer waits.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headroom::demo
