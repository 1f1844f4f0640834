// The helper as a child of the agent, for nodes outside Kubernetes. Never killed: it is told to stop and, if a call
// into the driver keeps it, left behind; no second one is started before the first was reaped.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "runtime/unique_fd.h"

namespace headroom::rapl_agent::gpu {

struct HelperProcessOptions {
  std::string program;                 // path of the executable
  std::vector<std::string> arguments;  // without the program and without --lifeline-fd, which is added
  base::Milliseconds first_pause{1'000};
  base::Milliseconds longest_pause{60'000};
  base::Milliseconds stop_patience{2'000};
};

// One thread uses it.
class HelperProcess {
 public:
  HelperProcess(HelperProcessOptions options, base::Clock& clock);
  // Tells the child to stop and waits for it no longer than stop_patience: a child inside a call that sets something
  // ends by itself when the call returns.
  ~HelperProcess();
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;

  // Reaps a child that has ended and starts one where there is none, with a pause after each start that doubles while
  // they keep ending. True: a child runs.
  bool ensure();
  // Process id of the child; 0: none.
  [[nodiscard]] pid_t child() const { return child_; }
  // How the last child that was reaped ended: its exit status, 128 + signal, -1: none was.
  [[nodiscard]] int last_status() const { return last_status_; }

 private:
  void reap();
  void start();

  HelperProcessOptions options_;
  base::Clock& clock_;
  pid_t child_ = 0;
  int last_status_ = -1;
  runtime::UniqueFd lifeline_;  // our end; the child stops when it closes
  base::Milliseconds pause_;
  base::MonoTime next_start_{};
};

}  // namespace headroom::rapl_agent::gpu
