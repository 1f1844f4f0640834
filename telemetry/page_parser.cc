#include "telemetry/page_parser.h"

#include <algorithm>

#include "telemetry/prometheus_text.h"
#include "telemetry/series_catalog.h"

namespace headroom::telemetry {
namespace {

// Year 2286: beyond it, microseconds since 1970 in our integers still fit, so the comparison below is safe.
constexpr base::Milliseconds kLatestStamp{9'999'999'999'999};

[[nodiscard]] base::WallTime time_of(const TextSample& text, base::WallTime scraped) {
  if (!text.timestamp) return scraped;
  const base::Milliseconds stamp = std::clamp(*text.timestamp, base::Milliseconds(0), kLatestStamp);
  return std::min(base::WallTime(stamp), scraped);
}

[[nodiscard]] Sample sample_of(const TextSample& text, base::WallTime scraped) {
  Sample sample;
  sample.name = std::string(text.name);
  sample.value = text.value;
  sample.time = time_of(text, scraped);
  sample.labels.reserve(text.labels.size());
  for (const TextLabel& label : text.labels) sample.labels.emplace_back(label.name, label.value);
  return sample;
}

}  // namespace

base::Result<Poll> parse_page(std::string_view body, base::WallTime scraped) {
  Poll poll;
  const TextVisitor visitor{is_wanted,
                            [&](const TextSample& text) { poll.samples.push_back(sample_of(text, scraped)); }};
  const TextSummary summary = parse_prometheus_text(body, visitor);
  if (summary.samples + summary.skipped == 0) {
    return base::invalid_input("the page holds no samples; is it an exporter's /metrics?");
  }
  poll.junk_lines = summary.junk_lines;
  return poll;
}

}  // namespace headroom::telemetry
