// raplfs: serves powercap, hwmon and cpufreq trees of several simulated machines over FUSE. README.md is its manual.
//
//   raplfs --mount DIR --control SOCKET --log FILE --layouts DIR < pipe
//
// Prints "ready" when the mount serves. Lives until its standard input ends (so it dies with the test that started it,
// however that dies) or SIGTERM; then it unmounts and every access still under way fails.
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>

#include "test/rigs/raplfs/commands.h"
#include "test/rigs/raplfs/control_socket.h"
#include "test/rigs/raplfs/filesystem.h"
#include "test/rigs/raplfs/world.h"

namespace {

using headroom::raplfs::Commands;
using headroom::raplfs::ControlSocket;
using headroom::raplfs::Filesystem;
using headroom::raplfs::World;

std::map<std::string, std::string> options(int count, char** words) {
  std::map<std::string, std::string> found = {{"--mount", ""}, {"--control", ""}, {"--log", ""}, {"--layouts", ""}};
  for (int index = 1; index + 1 < count; index += 2) {
    if (!found.contains(words[index])) throw std::runtime_error(std::string("unknown option ") + words[index]);
    found[words[index]] = words[index + 1];
  }
  for (const char* needed : {"--mount", "--control"}) {
    if (found[needed].empty()) throw std::runtime_error(std::string(needed) + " is missing");
  }
  return found;
}

// SIGTERM and SIGINT as something to poll.
int signal_descriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

[[noreturn]] void run(const std::map<std::string, std::string>& option) {
  const int signals = signal_descriptor();
  World world(option.at("--log"));
  Commands commands(world, option.at("--layouts"));
  ControlSocket control(option.at("--control"), commands);
  Filesystem filesystem(option.at("--mount"), world);
  filesystem.start();
  std::puts("ready");
  std::fflush(stdout);
  const std::array stops = {STDIN_FILENO, signals};
  control.serve(stops);
  filesystem.unmount();
  // Threads may hang in accesses: the process ends under them. That closes the FUSE device, and those accesses fail.
  std::_Exit(0);
}

}  // namespace

int main(int count, char** words) {
  try {
    run(options(count, words));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "raplfs: %s\n", error.what());
    return 1;
  }
}
