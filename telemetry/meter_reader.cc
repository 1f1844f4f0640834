#include "telemetry/meter_reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "telemetry/dialect_parts.h"
#include "telemetry/promql.h"

namespace headroom::telemetry {
namespace {

constexpr base::Seconds kMeterWindow{10};
constexpr base::Power kImpossible = base::watts(1'000'000'000);
constexpr base::Temperature kColdest = base::celsius(-40);
constexpr base::Temperature kHottest = base::celsius(100);

struct Age {
  base::WallTime time;
  model::Grade grade = model::Grade::measured;
};

// One row or more of the same element or rack.
struct Row {
  double value = 0;
  Age age;
};
using RowsByTarget = std::map<std::string, std::vector<Row>>;

[[nodiscard]] std::string prometheus_label(std::string_view label) {
  std::string out;
  for (const char c : label) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += allowed ? c : '_';
  }
  return out;
}

// Labels of a row, for joining a value with its time. The name is lost in every PromQL function.
[[nodiscard]] std::string labels_key(const Sample& row) {
  std::map<std::string_view, std::string_view> sorted(row.labels.begin(), row.labels.end());
  std::string key;
  for (const auto& [name, value] : sorted) {
    key += name;
    key += '\x1f';
    key += value;
    key += '\x1e';
  }
  return key;
}

[[nodiscard]] std::string rack_of(const Sample& row, const std::string& rack_label) {
  const std::string node_label = prometheus_label(rack_label);
  for (const std::string& name : {std::string("rack"), node_label, "label_" + node_label}) {
    if (!row.label(name).empty()) return std::string(row.label(name));
  }
  return row.labels.size() == 1 ? row.labels.front().second : std::string();
}

[[nodiscard]] std::string target_of(const Sample& row, const MeterQuery& query) {
  return query.element.empty() ? rack_of(row, query.rack_label) : query.element;
}

// Unix seconds, never later than the evaluation: a clock that runs ahead must not make data fresh for ever.
[[nodiscard]] std::optional<base::WallTime> stamp_of(const Sample& row) {
  if (!(row.value > 0 && row.value < 1e11)) return std::nullopt;
  const base::WallTime stamp(base::Microseconds(static_cast<std::int64_t>(row.value * 1e6)));
  return std::min(stamp, row.time);
}

// How old the rows of a query are.
class Ages {
 public:
  [[nodiscard]] static base::Result<Ages> ask(QueryApi& api, const MeterQuery& query) {
    const bool bare = is_bare_selector(query.ask.query);
    Ages ages(query, bare);
    const std::string& source = bare ? query.ask.query : query.ask.freshness;
    if (source.empty()) return ages;
    const auto rows = api.query(is_bare_selector(source) ? "timestamp(" + source + ")" : source);
    if (!rows) return rows.error();
    for (const Sample& row : *rows) ages.add(row);
    return ages;
  }

  [[nodiscard]] Age of(const Sample& row) const {
    const auto& stamps = bare_ ? by_labels_ : by_target_;
    auto found = stamps.find(bare_ ? labels_key(row) : target_of(row, query_));
    if (found == stamps.end() && !bare_) found = stamps.find("");
    if (found == stamps.end()) return {row.time, model::Grade::age_unknown};
    return {found->second, model::Grade::measured};
  }

 private:
  Ages(const MeterQuery& query, bool bare) : query_(query), bare_(bare) {}

  void add(const Sample& row) {
    const auto stamp = stamp_of(row);
    if (!stamp) return;
    keep_oldest(by_labels_, labels_key(row), *stamp);
    // A freshness query without labels speaks of all racks.
    keep_oldest(by_target_, row.labels.empty() && query_.element.empty() ? "" : target_of(row, query_), *stamp);
  }
  static void keep_oldest(std::map<std::string, base::WallTime>& stamps, const std::string& key, base::WallTime stamp) {
    const auto [entry, inserted] = stamps.emplace(key, stamp);
    if (!inserted) entry->second = std::min(entry->second, stamp);
  }

  const MeterQuery& query_;
  bool bare_;
  std::map<std::string, base::WallTime> by_labels_;
  std::map<std::string, base::WallTime> by_target_;
};

// The oldest row decides the age of all, the worst grade that of all.
[[nodiscard]] Age age_of(const std::vector<Row>& rows) {
  Age age = rows.front().age;
  for (const Row& row : rows) {
    age.time = std::min(age.time, row.age.time);
    if (row.age.grade != model::Grade::measured) age.grade = row.age.grade;
  }
  return age;
}

[[nodiscard]] std::optional<model::PowerReading> sum_of(const std::vector<Row>& rows) {
  base::Power sum;
  for (const Row& row : rows) {
    const auto power = base::power_from_watts(row.value);
    if (!power || *power < base::Power{} || *power >= kImpossible) return std::nullopt;
    sum += *power;
  }
  const Age age = age_of(rows);
  return model::PowerReading{
      sum, age.time - kMeterWindow, age.time, age.grade, "meter", static_cast<std::uint32_t>(rows.size())};
}

[[nodiscard]] std::optional<model::TemperatureReading> hottest_of(const std::vector<Row>& rows) {
  std::optional<base::Temperature> hottest;
  for (const Row& row : rows) {
    const auto temperature = base::temperature_from_celsius(row.value);
    if (!temperature || *temperature < kColdest || *temperature > kHottest) return std::nullopt;
    hottest = std::max(hottest.value_or(kColdest), *temperature);
  }
  const Age age = age_of(rows);
  return model::TemperatureReading{*hottest, age.time, age.grade, "meter"};
}

[[nodiscard]] std::optional<model::PerformanceReading> performance_of(const std::vector<Row>& rows) {
  const bool usable = rows.size() == 1 && std::isfinite(rows.front().value) && rows.front().value >= 0;
  return usable ? std::optional(model::PerformanceReading{rows.front().value, rows.front().age.time}) : std::nullopt;
}

[[nodiscard]] MeterReadings readings_of(const RowsByTarget& targets, const MeterQuery& query) {
  MeterReadings readings;
  for (const auto& [target, rows] : targets) {
    bool used = false;
    if (target.empty()) {
      readings.problems.push_back("rows that name no rack: " + query.ask.query);
      continue;
    }
    if (query.kind == MeterKind::performance) {
      if (const auto value = performance_of(rows)) used = (readings.performance.emplace_back(target, *value), true);
    } else if (query.kind == MeterKind::power) {
      if (const auto sum = sum_of(rows)) used = (readings.meters.emplace_back(target, *sum), true);
    } else if (const auto hottest = hottest_of(rows)) {
      used = (readings.inlets.emplace_back(target, *hottest), true);
    }
    if (!used) readings.problems.push_back(target + ": not one usable value: " + query.ask.query);
  }
  return readings;
}

}  // namespace

base::Result<MeterReadings> read_meters(QueryApi& api, const MeterQuery& query) {
  const bool performance = query.kind == MeterKind::performance;
  const std::string what = performance             ? "performance query of policy " + query.element
                           : query.element.empty() ? "rack query"
                                                   : "query of element " + query.element;
  // Ages first: should a scrape happen between the two, the value is newer than we say, never older.
  const auto ages = Ages::ask(api, query);
  if (!ages) return base::with_context(ages.error(), what);
  const auto rows = api.query(query.ask.query);
  if (!rows) return base::with_context(rows.error(), what);

  RowsByTarget targets;
  for (const Sample& row : *rows) targets[target_of(row, query)].push_back({row.value, ages->of(row)});
  MeterReadings readings = readings_of(targets, query);
  if (rows->empty()) readings.problems.push_back(what + " gives no rows: " + query.ask.query);
  return readings;
}

}  // namespace headroom::telemetry
