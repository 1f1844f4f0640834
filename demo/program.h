// A program of Headroom's run beside the stand-in: its configuration file, its process, its pages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "demo/child_process.h"

namespace headroom::demo {

// A port nobody listens on at the moment; 0 when there is none.
[[nodiscard]] std::uint16_t free_port();
[[nodiscard]] std::string local_url(std::uint16_t port);
// Body of a page. Errors: unavailable, also for any status but 200.
[[nodiscard]] base::Result<std::string> read_page(const std::string& url);

struct ProgramOptions {
  std::string binary;
  std::string folder;  // for its configuration and log
  std::string name;    // of these two files, and in errors
  std::string config;  // text of the file
  std::string ready;   // path that answers 200 when it is: "/readyz"
  std::uint16_t health_port = 0;
};

class Program {
 public:
  Program(ProgramOptions options, base::Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // Starts it and waits until it is ready. Errors carry the end of its log.
  [[nodiscard]] base::Status start(base::Milliseconds patience);
  int stop() { return process_.stop(base::Milliseconds(5'000)); }
  [[nodiscard]] bool running() { return process_.running(); }

  // A page of its health port.
  [[nodiscard]] base::Result<std::string> page(const std::string& path) const { return read_page(health_url() + path); }
  // The value of one series of /metrics, by the text before the blank.
  [[nodiscard]] std::optional<double> metric(const std::string& series) const;

  [[nodiscard]] std::string health_url() const { return local_url(options_.health_port); }
  [[nodiscard]] std::string config_file() const { return options_.folder + "/" + options_.name + ".yaml"; }
  [[nodiscard]] std::string log_file() const { return options_.folder + "/" + options_.name + ".log"; }

 private:
  [[nodiscard]] std::string log_tail() const;

  const ProgramOptions options_;
  base::Clock& clock_;
  ChildProcess process_;
};

}  // namespace headroom::demo
