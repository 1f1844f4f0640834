#include "telemetry/prometheus_source.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_map>

#include "telemetry/series_catalog.h"

namespace headroom::telemetry {
namespace {

// Which series exist changes when somebody installs an exporter: looking once a minute is soon enough.
constexpr int kPollsBetweenLooks = 12;

[[nodiscard]] std::string labels_key(Sample row) {
  std::sort(row.labels.begin(), row.labels.end());
  std::string key;
  for (const auto& [name, value] : row.labels) key += name + '\x1f' + value + '\x1e';
  return key;
}

// Puts the times of `stamps` (Unix seconds) on the rows with the same labels; rows without one are dropped, because
// their age is not known.
[[nodiscard]] std::vector<Sample> stamped(std::vector<Sample> rows, const std::vector<Sample>& stamps) {
  std::unordered_map<std::string, base::WallTime> times;
  for (const Sample& stamp : stamps) {
    if (!(stamp.value > 0 && stamp.value < 1e11)) continue;
    const base::WallTime time(base::Microseconds(static_cast<std::int64_t>(stamp.value * 1e6)));
    times.emplace(labels_key(stamp), std::min(time, stamp.time));
  }
  std::vector<Sample> kept;
  kept.reserve(rows.size());
  for (Sample& row : rows) {
    const auto time = times.find(labels_key(row));
    if (time == times.end()) continue;
    row.time = time->second;
    kept.push_back(std::move(row));
  }
  return kept;
}

}  // namespace

base::Status PrometheusSource::look_for_series() {
  const auto rows = api_->query(presence_query());
  if (!rows) return rows.error();
  present_.clear();
  for (const Sample& row : *rows) {
    if (is_wanted(row.name)) present_.push_back(row.name);
  }
  std::sort(present_.begin(), present_.end());
  polls_until_look_ = present_.empty() ? 0 : kPollsBetweenLooks;
  return base::ok_status();
}

base::Result<std::vector<Sample>> PrometheusSource::read_series(const std::string& name) {
  const std::string selector = selector_for(name);
  std::vector<Sample> stamps;
  if (!is_annotation(name)) {
    // Times first: should a scrape happen in between, a value is newer than we say, never older.
    auto asked = api_->query("timestamp(" + selector + ")");
    if (!asked) return asked.error();
    stamps = std::move(asked).value();
  }
  auto rows = api_->query(selector);
  if (!rows || is_annotation(name)) return rows;
  return stamped(std::move(rows).value(), stamps);
}

base::Result<Poll> PrometheusSource::poll() {
  if (polls_until_look_-- <= 0) {
    if (const auto looked = look_for_series(); !looked) {
      polls_until_look_ = 0;
      return looked.error();
    }
  }
  Poll poll;
  std::optional<base::Error> failure;
  std::size_t failed = 0;
  for (const std::string& name : present_) {
    auto rows = read_series(name);
    if (!rows) {
      ++failed;
      failure = base::with_context(rows.error(), name);
      continue;
    }
    std::move(rows->begin(), rows->end(), std::back_inserter(poll.samples));
  }
  if (failure && failed == present_.size()) {
    polls_until_look_ = 0;
    return *failure;
  }
  poll.junk_lines = failed;
  return poll;
}

}  // namespace headroom::telemetry
