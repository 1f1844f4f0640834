#include "rapl-agent/gpu/task_runner.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::gpu {

struct TaskRunner::Shared {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<TaskKind> under_way;
  Task next;  // taken by the thread
  std::optional<Reply> result;
  bool awaited = false;  // somebody waits for the task under way
  bool ending = false;
  runtime::UniqueFd returned{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

TaskRunner::TaskRunner() : shared_(std::make_shared<Shared>()) {
  // Detached: nobody can join a thread that the driver keeps.
  std::thread([shared = shared_] { work(shared); }).detach();
}

TaskRunner::~TaskRunner() {
  const std::lock_guard lock(shared_->mutex);
  shared_->ending = true;
  shared_->changed.notify_all();
}

void TaskRunner::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    shared->changed.wait(lock, [&] { return shared->ending || shared->next != nullptr; });
    if (shared->next == nullptr) return;
    const Task task = std::exchange(shared->next, nullptr);
    lock.unlock();
    auto result = task();
    lock.lock();
    shared->under_way.reset();
    if (shared->awaited) {
      shared->result = std::move(result);
    } else {
      const std::uint64_t one = 1;
      (void)!::write(shared->returned.get(), &one, sizeof(one));
    }
    shared->changed.notify_all();
  }
}

std::optional<Reply> TaskRunner::run(TaskKind kind, Task task, base::Milliseconds patience,
                                     const std::stop_token& stop) {
  std::unique_lock lock(shared_->mutex);
  if (shared_->under_way) return std::nullopt;
  std::uint64_t ignored = 0;
  (void)!::read(shared_->returned.get(), &ignored, sizeof(ignored));
  shared_->under_way = kind;
  shared_->next = std::move(task);
  shared_->awaited = true;
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, stop, patience, [&] { return shared_->result.has_value(); });
  shared_->awaited = false;
  return std::exchange(shared_->result, std::nullopt);
}

std::optional<TaskKind> TaskRunner::under_way() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->under_way;
}

int TaskRunner::returned_fd() const {
  return shared_->returned.get();
}

}  // namespace headroom::rapl_agent::gpu
