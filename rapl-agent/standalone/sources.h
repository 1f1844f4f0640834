// The cap sources and the one place that chooses among them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rapl-agent/standalone/cap_rule.h"
#include "rapl-agent/standalone/cap_source.h"

namespace headroom::rapl_agent::standalone {

// Follows a sine over the local day.
class SineSource final : public CapSource {
 public:
  explicit SineSource(const SineCurve& curve) : curve_(curve) {}
  [[nodiscard]] base::Result<SourcePower> power_at(const Moment& moment) override;

 private:
  SineCurve curve_;
};

// The same at all times.
class FixedSource final : public CapSource {
 public:
  explicit FixedSource(base::Power power) : power_(power) {}
  [[nodiscard]] base::Result<SourcePower> power_at(const Moment& moment) override;

 private:
  base::Power power_;
};

// A day as text: one "HH:MM,value" or "HH:MM-HH:MM,value" a line, local time, up to 24:00; empty lines, lines that
// begin with # and a first line of titles are passed over. A row without an end holds until the next row, the last one
// until midnight. Where the titles name columns "volume" or "price", rows may have these too; columns of other names
// are passed over, and without titles there are two. Powercap's own table ended each day at 23:45, so that its last
// quarter of an hour had no data.
class DayTable {
 public:
  // Errors: invalid_input naming the line: unreadable, end before begin, overlap, no row at all.
  [[nodiscard]] static base::Result<DayTable> parse(std::string_view text);

  struct Row {
    int begin = 0;  // minutes of the day
    int end = 0;
    double value = 0;
    std::optional<double> volume{};
    std::optional<double> price{};
  };
  // What the row tells of the market, by the columns that this table has.
  [[nodiscard]] MarketFacts market_of(const Row& row) const;

  // Nothing: no row covers that minute.
  [[nodiscard]] std::optional<Row> at(int minute_of_day) const;

 private:
  struct Columns {
    std::optional<std::size_t> volume;
    std::optional<std::size_t> price;
    bool titled = false;
  };
  [[nodiscard]] static Columns columns_in(std::string_view titles);
  [[nodiscard]] static std::optional<Row> row_in(std::string_view line, const Columns& columns);

  Columns columns_;
  std::map<int, Row> rows_;  // by begin
};

// Values of tables and queries as power. Nothing: not a power (NaN, negative, absurd).
struct Scale {
  SourceUnit unit = SourceUnit::watts;
  base::Power whole;  // of a share
};
[[nodiscard]] std::optional<base::Power> power_of(double value, const Scale& scale);

// A DayTable from a file or an http(s) URL, read anew at every question; while it cannot be read, the last one serves
// for a day.
class TableSource final : public CapSource {
 public:
  TableSource(std::string location, const Scale& scale) : location_(std::move(location)), scale_(scale) {}
  [[nodiscard]] base::Result<SourcePower> power_at(const Moment& moment) override;

 private:
  std::string location_;
  Scale scale_;
  std::optional<DayTable> table_;
  base::WallTime read_at_{};
};

// An instant query of Prometheus; the first sample of its answer counts.
class QuerySource final : public CapSource {
 public:
  QuerySource(std::string url, std::string query, const Scale& scale)
      : url_(std::move(url)), query_(std::move(query)), scale_(scale) {}
  [[nodiscard]] base::Result<SourcePower> power_at(const Moment& moment) override;

 private:
  std::string url_;
  std::string query_;
  Scale scale_;
};

[[nodiscard]] std::unique_ptr<CapSource> make_source(const Settings& settings);
// "sine", "static", "table", "prometheus": what annotations and log lines call it.
[[nodiscard]] std::string_view name_of(SourceKind kind);

}  // namespace headroom::rapl_agent::standalone
