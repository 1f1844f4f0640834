// One thread that makes every call into the driver, one at a time, and a caller that never waits longer than it wants.
//
// A task that does not return in time is left to itself: until it has returned no other task is taken, and its result
// is dropped. So no second write can queue up behind one that hangs, and no late answer is taken for a later one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "rapl-agent/gpu/protocol.h"

namespace headroom::rapl_agent::gpu {

// What a task must never be interrupted in.
enum class TaskKind { reading, setting };

// Thread-safe. The destructor does not wait for a task that hangs: its thread keeps alive what it uses.
class TaskRunner {
 public:
  using Task = std::function<Reply()>;

  TaskRunner();
  ~TaskRunner();
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;

  // The task's result; nothing when it is not there after `patience`, when `stop` came first, or when an earlier task
  // has not returned yet, in which case this one is never run.
  [[nodiscard]] std::optional<Reply> run(TaskKind kind, Task task, base::Milliseconds patience,
                                         const std::stop_token& stop);
  // The task under way; nothing: idle.
  [[nodiscard]] std::optional<TaskKind> under_way() const;
  // Readable whenever a task has returned after its caller had left. Stays readable until the next run().
  [[nodiscard]] int returned_fd() const;

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace headroom::rapl_agent::gpu
