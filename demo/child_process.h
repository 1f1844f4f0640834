// A program started by this one, its output in a file.
#pragma once

#include <string>
#include <vector>

#include "base/durations.h"
#include "base/result.h"
#include "runtime/unique_fd.h"

namespace headroom::demo {

// held_open: a pipe that ends when this process does, however it ends; some programs live until their standard input
// ends.
enum class StandardInput { inherited, held_open };

// One thread. The destructor stops it.
class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] base::Status start(const std::vector<std::string>& command, const std::string& log_file,
                                   StandardInput input = StandardInput::inherited);
  [[nodiscard]] bool running();
  // SIGTERM, and SIGKILL when that is not enough. Gives the exit code, or 128 + the signal.
  int stop(base::Milliseconds patience);

 private:
  int pid_ = -1;
  runtime::UniqueFd input_;  // the end of the pipe that we hold
  int exit_code_ = 0;
};

}  // namespace headroom::demo
