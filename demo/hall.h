// The machines of the demo and what they would read: racks of nodes that draw idle power plus their pods', and inlet
// air that follows a rack's target temperature. A model for exporters to print, with no I/O and no clock of its own.
//
// Thread-safe. Time is a parameter everywhere.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"

namespace headroom::demo {

struct HallOptions {
  int racks = 3;
  int nodes_per_rack = 8;
  double idle_cpu_watts = 65;  // of a node, CPU and memory
  double noise_watts = 2;      // of one reading, up and down
  double usual_celsius = 22;
  base::Milliseconds pod_ramp{1'500};      // until a new pod draws its full watts
  base::Milliseconds air_constant{1'000};  // how fast inlet air follows the target
};

struct HallNode {
  std::string name;
  std::string rack;
};

struct PodDraw {
  std::string ns;
  std::string name;
  double watts = 0;
};

class Hall {
 public:
  explicit Hall(const HallOptions& options);

  [[nodiscard]] const std::vector<std::string>& racks() const { return racks_; }
  [[nodiscard]] const std::vector<HallNode>& nodes() const { return nodes_; }

  // A pod starts drawing `watts` on a node. Placing it again changes nothing.
  void place(const std::string& node, const PodDraw& pod, base::MonoTime now);
  // Pods of this node that are not in `present` have ended.
  void keep_only(const std::string& node, const std::vector<std::string>& present);
  void set_air(const std::string& rack, double celsius, base::MonoTime now);

  // What a meter on the CPUs reads, noise included.
  [[nodiscard]] double cpu_watts(const std::string& node, base::MonoTime now) const;
  // Without noise: for counters, which must never run backwards.
  [[nodiscard]] std::vector<PodDraw> pods(const std::string& node, base::MonoTime now) const;
  [[nodiscard]] double inlet_celsius(const std::string& rack, base::MonoTime now) const;

 private:
  struct RunningPod {
    PodDraw draw;
    base::MonoTime since;
  };
  struct Air {
    double from = 0;
    double target = 0;
    base::MonoTime since;
  };
  [[nodiscard]] double watts_of(const RunningPod& pod, base::MonoTime now) const;
  [[nodiscard]] double celsius_of(const Air& air, base::MonoTime now) const;

  const HallOptions options_;
  std::vector<std::string> racks_;
  std::vector<HallNode> nodes_;
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, RunningPod>> pods_;  // by node, by "namespace/name"
  std::map<std::string, Air> air_;
};

}  // namespace headroom::demo
