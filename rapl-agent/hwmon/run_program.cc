#include "rapl-agent/hwmon/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "runtime/system_clock.h"
#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::hwmon {
namespace {

constexpr std::size_t kMostOutput = 64 << 10;
constexpr base::Milliseconds kLook{100};  // how soon a stop is noticed

base::Result<pid_t> spawn(std::vector<std::string> words, int output) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  const int error = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return base::not_found(words[0] + ": no such program");
  if (error != 0) return base::unavailable(words[0] + ": " + std::generic_category().message(error));
  return child;
}

// False: too slow, too much, or no longer wanted.
bool read_all(int fd, std::string& text, base::MonoTime deadline, const std::stop_token& stop) {
  const runtime::SystemClock clock;
  std::array<char, 4096> buffer;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::duration_cast<base::Milliseconds>(deadline - clock.mono_now());
    if (left.count() <= 0) return false;
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(std::min(left, kLook).count())) <= 0) continue;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostOutput) return false;
  }
  return false;
}

}  // namespace

base::Result<std::string> run_program(const std::vector<std::string>& words, base::Milliseconds timeout,
                                      const std::stop_token& stop) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return base::unavailable("pipe: " + std::generic_category().message(errno));
  const runtime::UniqueFd reading(pipe[0]);
  runtime::UniqueFd writing(pipe[1]);
  const auto child = spawn(words, writing.get());
  if (!child) return child.error();
  writing.reset();
  std::string text;
  if (!read_all(reading.get(), text, runtime::SystemClock().mono_now() + timeout, stop)) {
    ::kill(*child, SIGKILL);
    // One in the kernel's hands does not end now; it is reaped with this process.
    static_cast<void>(::waitpid(*child, nullptr, WNOHANG));
    return base::unavailable(words[0] + ": no answer in time");
  }
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return base::unavailable(words[0] + ": it failed");
  return text;
}

}  // namespace headroom::rapl_agent::hwmon
