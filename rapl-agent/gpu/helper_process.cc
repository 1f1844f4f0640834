#include "rapl-agent/gpu/helper_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "runtime/logging.h"

extern char** environ;

namespace headroom::rapl_agent::gpu {
namespace {

constexpr const char* kComponent = "gpu";
constexpr int kLifelineFd = 3;

// What posix_spawn wants to know besides the program: the lifeline in its place, and signals as a fresh process has
// them (the agent blocks those that it waits for).
class SpawnPlan {
 public:
  explicit SpawnPlan(int lifeline) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, lifeline, kLifelineFd);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGTERM, SIGINT}) ::sigaddset(&defaults, signal);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // The child's process id, or minus the errno.
  [[nodiscard]] pid_t spawn(std::vector<std::string> words) const {
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, pointers[0], &actions_, &attributes_, pointers.data(), environ);
    return failed == 0 ? child : -failed;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

HelperProcess::HelperProcess(HelperProcessOptions options, base::Clock& clock)
    : options_(std::move(options)), clock_(clock), pause_(options_.first_pause) {}

HelperProcess::~HelperProcess() {
  lifeline_.reset();
  if (child_ == 0) return;
  // Readable once the child has ended; waits in the kernel and not in a loop.
  const runtime::UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, child_, 0)));
  pollfd waiting{ended.get(), POLLIN, 0};
  if (ended.valid()) (void)::poll(&waiting, 1, static_cast<int>(options_.stop_patience.count()));
  reap();
  if (child_ != 0)
    runtime::log_warning(kComponent, "the GPU helper is left behind: a call into the driver has not returned",
                         {{"pid", child_}});
}

bool HelperProcess::ensure() {
  reap();
  if (child_ == 0 && clock_.mono_now() >= next_start_) start();
  return child_ != 0;
}

void HelperProcess::reap() {
  if (child_ == 0) return;
  int status = 0;
  if (::waitpid(child_, &status, WNOHANG) != child_) return;
  last_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  runtime::log_warning(kComponent, "the GPU helper has ended", {{"pid", child_}, {"status", last_status_}});
  child_ = 0;
  lifeline_.reset();
}

void HelperProcess::start() {
  const auto now = clock_.mono_now();
  // One that lasted is no reason to wait longer for the next.
  if (now - next_start_ > options_.longest_pause) pause_ = options_.first_pause;
  next_start_ = now + pause_;
  pause_ = std::min(pause_ * 2, options_.longest_pause);

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  const runtime::UniqueFd childs(ends[0]);
  runtime::UniqueFd ours(ends[1]);
  std::vector<std::string> words = {options_.program};
  words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
  words.push_back("--lifeline-fd=" + std::to_string(kLifelineFd));
  const pid_t child = SpawnPlan(childs.get()).spawn(std::move(words));
  if (child < 0) {
    runtime::log_warning(kComponent, "the GPU helper cannot be started",
                         {{"program", options_.program}, {"reason", std::strerror(-child)}});
    return;
  }
  child_ = child;
  lifeline_ = std::move(ours);
}

}  // namespace headroom::rapl_agent::gpu
