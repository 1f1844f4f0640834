#include "telemetry/prometheus_source.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_map>

#include "telemetry/series_catalog.h"

namespace headroom::telemetry {
namespace {

// Which series exist changes when somebody installs an exporter: looking every half minute is soon enough.
constexpr int kPollsBetweenLooks = 6;
// A Prometheus that fails so often before anything worked is down or drowning: each further query may cost a timeout.
constexpr std::size_t kFailuresInARow = 2;

[[nodiscard]] std::string labels_key(Sample row) {
  std::sort(row.labels.begin(), row.labels.end());
  std::string key;
  for (const auto& [name, value] : row.labels) key.append(name).append("\x1f").append(value).append("\x1e");
  return key;
}

constexpr std::string_view kTimeLabel = "headroom_row";

// Values and times of the same samples in one query, so that no scrape can fall between them: a counter with the time
// of the sample before would give twice the power, and then none.
[[nodiscard]] std::string with_times(const std::string& selector) {
  return "label_replace(timestamp(" + selector + "), \"" + std::string(kTimeLabel) + "\", \"time\", \"\", \"\") or " +
         selector;
}

// Takes the label off that tells times from values. False: the row is a value.
[[nodiscard]] bool take_time_label(Sample& row) {
  return std::erase_if(row.labels, [](const auto& label) { return label.first == kTimeLabel; }) > 0;
}

// Puts the times (Unix seconds) on the values with the same labels; values without one are dropped, because their age
// is not known.
[[nodiscard]] std::vector<Sample> stamped(std::vector<Sample> rows) {
  std::unordered_map<std::string, base::WallTime> times;
  std::vector<Sample> values;
  values.reserve(rows.size() / 2);
  for (Sample& row : rows) {
    if (!take_time_label(row)) {
      values.push_back(std::move(row));
    } else if (row.value > 0 && row.value < 1e11) {
      const base::WallTime time(base::Microseconds(static_cast<std::int64_t>(row.value * 1e6)));
      times.emplace(labels_key(row), std::min(time, row.time));
    }
  }
  std::erase_if(values, [&](Sample& value) {
    const auto time = times.find(labels_key(value));
    if (time != times.end()) value.time = time->second;
    return time == times.end();
  });
  return values;
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
  if (is_annotation(name)) return api_->query(selector);
  auto rows = api_->query(with_times(selector));
  if (!rows) return rows;
  return stamped(std::move(rows).value());
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
      if (poll.samples.empty() && failed == kFailuresInARow) break;
      continue;
    }
    std::move(rows->begin(), rows->end(), std::back_inserter(poll.samples));
  }
  if (failure && poll.samples.empty()) {
    polls_until_look_ = 0;
    return *failure;
  }
  poll.junk_lines = failed;
  return poll;
}

}  // namespace headroom::telemetry
