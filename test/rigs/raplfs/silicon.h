// The simulated hardware behind the files: something that draws min(demand, cap) and counts the energy.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace headroom::raplfs {

// Microseconds of simulated time.
using Moment = std::int64_t;

// A cap that acts on a piece of silicon, told by whoever holds the register (a zone, a hwmon chip).
struct Cap {
  bool enforced = false;
  double microwatts = 0;
};

class Silicon {
 public:
  // What it wants, what it cannot go below, what it can draw at most without any cap.
  double demand = 0;
  double floor = 0;
  double ceiling = 0;
  bool frozen = false;                           // the counter stands still, the draw goes on
  bool offline = false;                          // draws nothing (its CPUs are off)
  bool capped = false;                           // has a control at all: counts in the recorder's sums
  std::vector<std::weak_ptr<Silicon>> includes;  // psys contains the packages

  // One cap for each surface ("intel-rapl:0", "intel-rapl-mmio:0"); the lowest enforced one acts.
  void set_cap(const std::string& surface, Cap cap) { caps_[surface] = cap; }
  // Microwatts that the caps allow: what counts as the effective cap. At most the ceiling.
  [[nodiscard]] double effective_cap() const;
  [[nodiscard]] double power() const;

  void advance(Moment now);
  [[nodiscard]] double consumed_microjoules() const { return consumed_; }
  void set_consumed(double microjoules) { consumed_ = microjoules; }

 private:
  std::map<std::string, Cap> caps_;
  double consumed_ = 0;
  Moment last_ = -1;
};

}  // namespace headroom::raplfs
