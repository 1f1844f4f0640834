// performancePowerRatio of every policy (policy/performance_ratio.h) over the rounds of the caps loop. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "model/telemetry.h"
#include "policy/performance_ratio.h"
#include "scoring/books.h"
#include "scoring/cap_input.h"

namespace headroom::controller {

struct RatioFinding {
  policy::RatioVerdict verdict = policy::RatioVerdict::no_data;
  policy::RatioLack lack = policy::RatioLack::nodes;  // with no_data
  std::optional<double> ratio;
  std::optional<base::Power> held_to;
};
using RatioFindings = std::map<std::string, RatioFinding, std::less<>>;  // by "namespace/name"

class Ratios {
 public:
  // Takes the samples of this moment, and lowers the capacity of the limits of policies that are held to less. `cap` of
  // every node is in place. A policy without the field, or that is gone, is forgotten; one without a node to cap is
  // remembered and has no data. `telemetry`: of the snapshot that the books were made of.
  void put(scoring::CapInput& input, const scoring::Books& books, const model::TelemetrySnapshot& telemetry);
  [[nodiscard]] const RatioFindings& findings() const { return findings_; }

 private:
  std::map<std::string, policy::RatioMemory, std::less<>> memories_;  // by "namespace/name"
  RatioFindings findings_;
};

}  // namespace headroom::controller
