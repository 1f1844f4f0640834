#include "test/rigs/agent_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "test/rigs/raplfs_fixture.h"

namespace headroom::test {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

AgentProcess::AgentProcess(const AgentProcessOptions& options) {
  const std::string program = built_program("rapl-agent");
  const std::string log = directory_.path("log");
  std::vector<std::string> words{program, "--config=" + directory_.write("agent.yaml", options.config)};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> variables = options.environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!text.starts_with("KUBE") && !text.starts_with("NODE_NAME=")) variables.emplace_back(text);
  }
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> environment = pointers_to(variables);
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("fork failed");
  if (process_ != 0) return;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execve(program.c_str(), arguments.data(), environment.data());
  ::_exit(127);
}

AgentProcess::~AgentProcess() {
  if (ended()) return;
  signal(SIGTERM);
  if (!Raplfs::eventually([this] { return ended(); }, 10)) {
    signal(SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
}

bool AgentProcess::ended() {
  int status = 0;
  if (!status_ && ::waitpid(process_, &status, WNOHANG) == process_) {
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return status_.has_value();
}

void AgentProcess::signal(int number) const {
  if (!status_) ::kill(process_, number);
}

std::optional<int> AgentProcess::exit_status() {
  (void)Raplfs::eventually([this] { return ended(); });
  return status_;
}

std::string AgentProcess::log() const {
  std::ifstream file(directory_.path("log"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int AgentProcess::port() const {
  constexpr std::string_view kKey = "\"health\":";
  int port = 0;
  (void)Raplfs::eventually([&] {
    const std::string text = log();
    const auto at = text.find(kKey);
    const auto end = at == std::string::npos ? at : text.find_first_of(",}", at);
    if (end == std::string::npos) return false;
    port = std::stoi(text.substr(at + kKey.size()));
    return true;
  });
  return port;
}

}  // namespace headroom::test
