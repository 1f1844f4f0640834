// The real extender, run beside the stand-in: its configuration, its process, and what it says about the racks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "demo/hall.h"
#include "demo/program.h"

namespace headroom::demo {

struct ExtenderOptions {
  std::string binary;
  std::string folder;  // for its configuration and log
  std::string api_server_url;
  std::string exporters_url;
};

// The telemetry section that reads every node's exporters; the controller's configuration has the same one.
[[nodiscard]] std::string exporters_section(const Hall& hall, const std::string& exporters_url);

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
  ExtenderProcess(const ExtenderOptions& options, const Hall& hall, base::Clock& clock);

  // Starts it and waits until /readyz says 200. Errors carry the end of its log.
  [[nodiscard]] base::Status start(base::Milliseconds patience) { return program_.start(patience); }
  int stop() { return program_.stop(); }
  [[nodiscard]] bool running() { return program_.running(); }

  [[nodiscard]] base::Result<std::vector<RackView>> racks() const;
  // Sources of telemetry that are up, and all of them.
  struct Sources {
    int up = 0;
    int all = 0;
  };
  [[nodiscard]] base::Result<Sources> sources() const;
  // The value of one series of /metrics, by the text before the blank.
  [[nodiscard]] std::optional<double> metric(const std::string& series) const { return program_.metric(series); }

  [[nodiscard]] std::string verbs_url() const { return local_url(verbs_port_); }
  [[nodiscard]] std::string bind_url() const { return local_url(bind_port_); }
  [[nodiscard]] std::string health_url() const { return program_.health_url(); }
  [[nodiscard]] std::string config_file() const { return program_.config_file(); }
  [[nodiscard]] std::string log_file() const { return program_.log_file(); }

 private:
  struct Ports {
    std::uint16_t verbs = free_port();
    std::uint16_t bind = free_port();
    std::uint16_t health = free_port();
  };
  ExtenderProcess(const ExtenderOptions& options, const Hall& hall, base::Clock& clock, Ports ports);

  const std::uint16_t verbs_port_;
  const std::uint16_t bind_port_;
  Program program_;
};

}  // namespace headroom::demo
