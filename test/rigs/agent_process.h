// The real rapl-agent as a process of its own: what its command line, its signals and its exit status do.
//
//   AgentProcess agent({.config = "mode: Enforce\n..."});
//   agent.port();                  // of its health listener, once it serves; 0: it has ended
//   agent.signal(SIGTERM);
//   agent.exit_status();           // waits
//   agent.log();
//
// The destructor asks it to end and kills it after ten seconds. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "test/support/temporary_directory.h"

namespace headroom::test {

struct AgentProcessOptions {
  std::string config;                      // YAML
  std::vector<std::string> arguments{};    // beside --config
  std::vector<std::string> environment{};  // "NAME=value", beside our own without what tells of a cluster
};

class AgentProcess {
 public:
  explicit AgentProcess(const AgentProcessOptions& options);
  ~AgentProcess();
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return process_; }
  // Waits for it, for half a minute.
  [[nodiscard]] int port() const;
  void signal(int number) const;
  // Waits until it has ended, for half a minute: its exit status, or 128 + the signal; nothing: it runs on.
  [[nodiscard]] std::optional<int> exit_status();
  // Standard error and output so far.
  [[nodiscard]] std::string log() const;

 private:
  [[nodiscard]] bool ended();

  TemporaryDirectory directory_;
  pid_t process_ = -1;
  std::optional<int> status_;
};

}  // namespace headroom::test
