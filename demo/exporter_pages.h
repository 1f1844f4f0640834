// /metrics pages as exporters print them, from a Hall. Pure, but for the energy counters' memory.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "demo/hall.h"

namespace headroom::demo {

// current: `zone` labels, watts as gauges. legacy (0.9 and earlier): counters with `mode`. aliases: the names of the
// first power guide.
enum class KeplerDialect { current, legacy, aliases };

// Integrates watts into joules between scrapes. Thread-safe.
class EnergyCounters {
 public:
  // Joules of `name` up to now, when it draws `watts` since the last call.
  [[nodiscard]] double joules(const std::string& name, double watts, base::MonoTime now);

 private:
  struct Counter {
    double joules = 0;
    base::MonoTime at;
  };
  std::mutex mutex_;
  std::map<std::string, Counter> counters_;
};

struct PageRequest {
  const Hall& hall;
  const HallNode& node;
  base::MonoTime now;
};
[[nodiscard]] std::string kepler_page(const PageRequest& request, KeplerDialect dialect, EnergyCounters& counters);
// node_exporter with its hwmon collector: an inlet sensor and a CPU package.
[[nodiscard]] std::string hwmon_page(const PageRequest& request);

}  // namespace headroom::demo
