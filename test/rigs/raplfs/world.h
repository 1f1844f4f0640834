// All nodes' trees under one lock: accesses through the mount, changes by the script, the recorder's log.
//
// Every public method may be called from any thread. An access that hangs waits without the lock.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "test/rigs/raplfs/faults.h"
#include "test/rigs/raplfs/node.h"
#include "test/rigs/raplfs/recorder.h"
#include "test/rigs/raplfs/tree.h"

namespace headroom::raplfs {

// An open attribute.
struct Handle {
  std::string path;
  std::shared_ptr<Attribute> attribute;
  std::string text;  // of the read at offset 0, as the kernel keeps it
  std::optional<std::uint64_t> endless;
  std::optional<std::size_t> shorten;
};

struct Opened {
  int error = 0;
  std::unique_ptr<Handle> handle;
};

struct Written {
  int error = 0;
  std::size_t taken = 0;
};

// What stat() needs.
struct Found {
  enum class Kind { directory, link, attribute };
  Kind kind = Kind::directory;
  mode_t mode = 0;
  std::string target;
};

class World {
 public:
  // An empty `log_path` logs nowhere.
  explicit World(const std::string& log_path);

  [[nodiscard]] std::optional<Found> stat(const std::string& path);
  [[nodiscard]] std::vector<std::string> list(const std::string& path);
  [[nodiscard]] Opened open(const std::string& path, int flags);
  [[nodiscard]] Shown read(Handle& handle, std::size_t size, std::size_t offset);
  [[nodiscard]] Written write(const Handle& handle, std::string_view data);
  // For the log only: a truncation or creation that sysfs would not need or not allow.
  void note(std::string_view event, const std::string& path);

  // The script's side. `change` runs under the lock, with time advanced before and the sums logged after it.
  using Change = std::function<void(World&)>;
  void script(std::string_view command, const Change& change);
  // Only inside `change`:
  [[nodiscard]] Node* node(const std::string& name);
  Node& add_node(const std::string& name);
  bool remove_node(const std::string& name);
  [[nodiscard]] const std::map<std::string, std::unique_ptr<Node>>& nodes() const { return nodes_; }
  Faults& faults() { return faults_; }
  Recorder& recorder() { return recorder_; }
  [[nodiscard]] const Tree& tree() const { return tree_; }
  // Stops following the machine's clock; from then on simulated time moves by `advance` alone. Energy depends on it.
  void stop_clock();
  void advance_clock(Moment by);
  [[nodiscard]] int hanging() const { return hanging_; }

 private:
  [[nodiscard]] Moment now() const;
  void bring_up_to_date();
  [[nodiscard]] Sums sums(const std::string& path) const;
  // Waits out delay and hang; gives the fault's action, or an empty one.
  FaultAction meet_fault(std::unique_lock<std::mutex>& lock, const Attempt& attempt);
  int store(const Handle& handle, std::string_view data, const FaultAction& action);

  std::mutex mutex_;
  std::condition_variable released_;
  Tree tree_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;
  Faults faults_;
  Recorder recorder_;
  std::optional<Moment> stopped_at_;
  int hanging_ = 0;
};

}  // namespace headroom::raplfs
