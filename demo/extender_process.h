// The real extender, run beside the stand-in: its configuration, its process, and what it says about the racks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "demo/child_process.h"
#include "demo/hall.h"

namespace headroom::demo {

struct ExtenderOptions {
  std::string binary;
  std::string folder;  // for its configuration and log
  std::string api_server_url;
  std::string exporters_url;
};

// One rack as /debug/snapshot shows it.
struct RackView {
  std::string name;
  double booked_watts = 0;
  double in_flight_watts = 0;
  double limit_watts = 0;
  double headroom_watts = 0;
  std::optional<double> inlet_celsius;
  bool hot = false;  // above the hall's limit, by the extender's hysteresis
};

class ExtenderProcess {
 public:
  ExtenderProcess(ExtenderOptions options, const Hall& hall, base::Clock& clock);

  // Starts it and waits until /readyz says 200. Errors carry the end of its log.
  [[nodiscard]] base::Status start(base::Milliseconds patience);
  int stop() { return process_.stop(base::Milliseconds(5'000)); }
  [[nodiscard]] bool running() { return process_.running(); }

  [[nodiscard]] base::Result<std::vector<RackView>> racks() const;
  // Sources of telemetry that are up, and all of them.
  struct Sources {
    int up = 0;
    int all = 0;
  };
  [[nodiscard]] base::Result<Sources> sources() const;
  // The value of one series of /metrics, by the text before the blank.
  [[nodiscard]] std::optional<double> metric(const std::string& series) const;

  [[nodiscard]] std::string verbs_url() const { return url(verbs_port_); }
  [[nodiscard]] std::string bind_url() const { return url(bind_port_); }
  [[nodiscard]] std::string health_url() const { return url(health_port_); }
  [[nodiscard]] std::string config_file() const { return options_.folder + "/extender.yaml"; }
  [[nodiscard]] std::string log_file() const { return options_.folder + "/extender.log"; }

 private:
  [[nodiscard]] static std::string url(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }
  [[nodiscard]] std::string config_text(const Hall& hall) const;
  [[nodiscard]] std::string log_tail() const;
  [[nodiscard]] base::Result<std::string> get(const std::string& page_url) const;

  const ExtenderOptions options_;
  const Hall& hall_;
  base::Clock& clock_;
  std::uint16_t verbs_port_ = 0;
  std::uint16_t bind_port_ = 0;
  std::uint16_t health_port_ = 0;
  ChildProcess process_;
};

}  // namespace headroom::demo
