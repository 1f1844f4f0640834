// One sample of a time series as an exporter or Prometheus gave it, before anybody knows what it means.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace headroom::telemetry {

struct Sample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;  // as sent; names are unique in well-formed input
  double value = 0;                                         // may be NaN or infinite: dialects judge
  base::WallTime time;                                      // when the meter's exporter was read, never in the future

  // Empty where the sample has no such label; Prometheus treats the two alike.
  [[nodiscard]] std::string_view label(std::string_view key) const {
    for (const auto& [name_, value_] : labels) {
      if (name_ == key) return value_;
    }
    return {};
  }

  bool operator==(const Sample&) const = default;
};

// name{a="x",b="y"}, for people.
[[nodiscard]] std::string to_string(const Sample& sample);

}  // namespace headroom::telemetry
