// The samples of one node by metric name, and the sums and sieves that all dialects share. Pure.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "telemetry/sample.h"

namespace headroom::telemetry {

using SampleRow = const Sample*;  // never null; owned by the poll

// REQUIRES: the samples outlive the table.
class SampleTable {
 public:
  explicit SampleTable(std::span<const SampleRow> samples);

  // Empty where there are none.
  [[nodiscard]] const std::vector<SampleRow>& named(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return !named(name).empty(); }
  // Every row whose name begins and ends so.
  [[nodiscard]] std::vector<SampleRow> matching(std::string_view prefix, std::string_view suffix) const;

 private:
  std::map<std::string_view, std::vector<SampleRow>> by_name_;
  std::vector<SampleRow> none_;
};

using LabelNames = std::initializer_list<std::string_view>;

// The values of these labels, joined: tells the things that a metric counts apart. Labels that Prometheus adds (job,
// instance, pod of the exporter) are left out on purpose.
[[nodiscard]] std::string identity(const Sample& sample, LabelNames labels);

// One row per identity: the newest, of equally new ones the largest. A page that two jobs scrape, or an exporter that
// was restarted, then counts once.
[[nodiscard]] std::map<std::string, SampleRow> distinct(const std::vector<SampleRow>& rows, LabelNames labels);

// Watts that a node may have: finite, not negative, below a megawatt.
[[nodiscard]] std::optional<base::Power> plausible_power(double watts);

// Rows of one metric added up. A sum that no node has makes all of them unreadable.
struct PowerSum {
  base::Power power;
  base::WallTime oldest;         // sample time
  std::uint32_t rows = 0;        // readable
  std::uint32_t unreadable = 0;  // NaN, negative, sentinel
  double unreadable_value = 0;   // the last one, for people
};
[[nodiscard]] PowerSum sum_power(const std::vector<SampleRow>& rows, LabelNames labels);

}  // namespace headroom::telemetry
