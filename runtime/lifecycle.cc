#include "runtime/lifecycle.h"

#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <ctime>
#include <mutex>

#include "runtime/logging.h"

namespace headroom::runtime {
namespace {

constexpr int kExitInterrupted = 130;

sigset_t shutdown_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

ShutdownSignals::ShutdownSignals() {
  const sigset_t set = shutdown_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  watcher_ = std::jthread([this](const std::stop_token& ending) { watch(ending); });
}

ShutdownSignals::~ShutdownSignals() = default;

void ShutdownSignals::watch(const std::stop_token& ending) {
  const sigset_t set = shutdown_signals();
  // Wakes now and then to see whether the object is going away; signals themselves arrive at once.
  const timespec patience{0, 50'000'000};
  while (!ending.stop_requested()) {
    const int signal = ::sigtimedwait(&set, nullptr, &patience);
    if (signal < 0) continue;
    if (source_.stop_requested()) ::_exit(kExitInterrupted);
    log_info("lifecycle", "stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
    source_.request_stop();
  }
}

void ShutdownSignals::wait() const {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, source_.get_token(), [] { return false; });
}

ServiceGroup::~ServiceGroup() {
  stop();
}

void ServiceGroup::add(Service service) {
  services_.push_back(std::move(service));
}

void ServiceGroup::add(std::string name, std::function<void()> start, std::function<void()> stop) {
  const auto begin = [start = std::move(start)]() -> base::Status {
    start();
    return base::ok_status();
  };
  services_.push_back({std::move(name), begin, std::move(stop)});
}

base::Status ServiceGroup::start() {
  while (running_ < services_.size()) {
    const Service& service = services_[running_];
    if (auto status = service.start(); !status) {
      stop();
      return base::with_context(status.error(), service.name);
    }
    ++running_;
  }
  return base::ok_status();
}

void ServiceGroup::stop() {
  while (running_ > 0) services_[--running_].stop();
}

}  // namespace headroom::runtime
