// How a program starts and ends: signals become a stop token, services start in order and stop in reverse.
//
//   int main() {
//     ShutdownSignals signals;   // first, before any thread
//     ServiceGroup services;
//     services.add({"telemetry", [&] { return telemetry.start(); }, [&] { telemetry.stop(); }});
//     if (auto status = services.start(); !status) ...
//     signals.wait();
//     services.stop();
//   }
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace headroom::runtime {

// Catches SIGTERM and SIGINT on a thread of its own (sigwait: no handler runs inside somebody's system call) and
// ignores SIGPIPE. Threads inherit the blocked signals, so construct this before any other. A second signal while the
// program is stopping ends it at once with status 130.
class ShutdownSignals {
 public:
  ShutdownSignals();
  ~ShutdownSignals();
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  // As if a signal had come. Any thread.
  void request_stop() { source_.request_stop(); }
  // Blocks until a signal or request_stop().
  void wait() const;

 private:
  void watch(const std::stop_token& ending);

  std::stop_source source_;
  std::jthread watcher_;
};

struct Service {
  std::string name;
  std::function<base::Status()> start;
  std::function<void()> stop;
};

// One thread uses it. The destructor stops what still runs.
class ServiceGroup {
 public:
  ServiceGroup() = default;
  ~ServiceGroup();
  ServiceGroup(const ServiceGroup&) = delete;
  ServiceGroup& operator=(const ServiceGroup&) = delete;

  void add(Service service);
  // A part whose start cannot fail.
  void add(std::string name, std::function<void()> start, std::function<void()> stop);
  // In the order added. At the first failure those already running are stopped again, and the error names the service.
  [[nodiscard]] base::Status start();
  // In reverse order. Idempotent.
  void stop();

 private:
  std::vector<Service> services_;
  std::size_t running_ = 0;
};

}  // namespace headroom::runtime
