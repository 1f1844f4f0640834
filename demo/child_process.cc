#include "demo/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/system_clock.h"

namespace headroom::demo {
namespace {

// The child begins with the usual signals, whatever this process has blocked or ignores.
class SpawnSettings {
 public:
  explicit SpawnSettings(const std::string& log_file) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDOUT_FILENO, log_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&files_, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t reset;
    sigfillset(&reset);
    posix_spawnattr_setsigdefault(&attributes_, &reset);
    // A group of its own, so that Ctrl-C reaches it through us and in our order.
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  void read_from(int fd) { posix_spawn_file_actions_adddup2(&files_, fd, STDIN_FILENO); }
  [[nodiscard]] const posix_spawn_file_actions_t* files() const { return &files_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ChildProcess::~ChildProcess() {
  stop(base::Milliseconds(3'000));
}

base::Status ChildProcess::start(const std::vector<std::string>& command, const std::string& log_file,
                                 StandardInput input) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  SpawnSettings settings(log_file);
  runtime::UniqueFd read_end;
  if (input == StandardInput::held_open) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return base::unavailable(std::string("pipe: ") + std::strerror(errno));
    read_end = runtime::UniqueFd(ends[0]);
    input_ = runtime::UniqueFd(ends[1]);
    settings.read_from(ends[0]);
  }
  const int code =
      ::posix_spawn(&pid_, command.front().c_str(), settings.files(), settings.attributes(), arguments.data(), environ);
  if (code == 0) return base::ok_status();
  pid_ = -1;
  return base::unavailable("start " + command.front() + ": " + std::strerror(code));
}

bool ChildProcess::running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = code_of(status);
  pid_ = -1;
  return false;
}

int ChildProcess::stop(base::Milliseconds patience) {
  if (!running()) return exit_code_;
  ::kill(pid_, SIGTERM);
  input_.reset();
  runtime::SystemClock clock;
  const auto deadline = clock.mono_now() + patience;
  while (running()) {
    if (clock.mono_now() >= deadline) ::kill(pid_, SIGKILL);
    (void)clock.wait_until(clock.mono_now() + base::Milliseconds(10), {});
  }
  return exit_code_;
}

}  // namespace headroom::demo
