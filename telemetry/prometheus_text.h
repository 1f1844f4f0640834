// Parser of the Prometheus text exposition format (0.0.4), which OpenMetrics text of the exporters we read also fits:
// https://prometheus.io/docs/instrumenting/exposition_formats/. Pure and total: any bytes give samples and counts.
//
// A line that is no sample is counted as junk and skipped; the rest of the body still counts, because one broken
// collector must not blind us to the others. Names and labels are views, valid during the callback only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/durations.h"

namespace headroom::telemetry {

struct TextLabel {
  std::string_view name;
  std::string_view value;  // unescaped
};

struct TextSample {
  std::string_view name;
  std::span<const TextLabel> labels;
  double value = 0;
  std::optional<base::Milliseconds> timestamp;  // since the Unix epoch, where the exporter printed one
};

struct TextLimits {
  std::size_t line_bytes = 16 << 10;  // a longer line is junk
  std::size_t labels = 64;            // a sample with more is junk
};

struct TextSummary {
  std::uint64_t samples = 0;  // well-formed and wanted
  std::uint64_t skipped = 0;  // not wanted; their syntax is not looked at beyond the number at the end
  std::uint64_t junk_lines = 0;

  bool operator==(const TextSummary&) const = default;
};

struct TextVisitor {
  std::function<bool(std::string_view name)>
      wants;  // asked before labels are parsed: most of a Kepler page is not ours
  std::function<void(const TextSample&)> take;
};

[[nodiscard]] TextSummary parse_prometheus_text(std::string_view body, const TextVisitor& visitor,
                                                const TextLimits& limits = {});

}  // namespace headroom::telemetry
