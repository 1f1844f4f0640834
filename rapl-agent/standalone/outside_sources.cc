// The sources that reach outside: a table from a file or a web server, and a query of Prometheus.
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>
#include <vector>

#include "rapl-agent/standalone/sources.h"
#include "runtime/file.h"
#include "runtime/http_client.h"
#include "telemetry/query_reply.h"

namespace headroom::rapl_agent::standalone {
namespace {

constexpr int kDayMinutes = 24 * 60;
constexpr std::size_t kTableLimit = 1 << 20;
constexpr auto kTablePatience = std::chrono::hours(24);

std::optional<int> two_digits(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.size() > 2 || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() ||
      value < 0)
    return std::nullopt;
  return value;
}

// "HH:MM", up to "24:00".
std::optional<int> minute_in(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto hour = two_digits(text.substr(0, colon));
  const auto minute = two_digits(text.substr(colon + 1));
  if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > kDayMinutes) return std::nullopt;
  return *hour * 60 + *minute;
}

std::string clock_text(int minute) {
  std::array<char, 8> text{};
  (void)std::snprintf(text.data(), text.size(), "%02d:%02d", minute / 60 % 100, minute % 60);
  return text.data();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (auto comma = line.find(','); comma != std::string_view::npos; comma = line.find(',')) {
    cells.push_back(trimmed(line.substr(0, comma)));
    line.remove_prefix(comma + 1);
  }
  cells.push_back(trimmed(line));
  return cells;
}

std::optional<double> number_in(std::string_view cell) {
  double value = 0;
  const auto parsed = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == cell.data() + cell.size();
  return whole ? std::optional(value) : std::nullopt;
}

// Digits behind the point as powercap wrote them.
std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  (void)std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

bool is_url(std::string_view location) {
  return location.starts_with("http://") || location.starts_with("https://");
}

struct Fetch {
  std::string url;  // up to the path; parameters in `query`
  runtime::QueryParameters query{};
};

base::Result<std::string> fetch(const Fetch& what) {
  const auto url = runtime::parse_url(what.url);
  if (!url) return url.error();
  runtime::HttpClientOptions options;
  options.host = url->host;
  options.port = url->port;
  options.https = url->https;
  options.read_timeout = base::Milliseconds(5'000);
  options.total_timeout = base::Milliseconds(10'000);
  options.body_limit = kTableLimit;
  runtime::HttpRequest request;
  // A table's URL may carry its own query; what we add goes encoded.
  request.path = url->path;
  request.query = what.query;
  runtime::HttpClient client(std::move(options));
  auto reply = client.send(request);
  if (!reply) return reply.error();
  if (reply->status / 100 != 2 && what.query.empty())
    return base::unavailable(what.url + ": status " + std::to_string(reply->status));
  return std::move(reply->body);
}

}  // namespace

DayTable::Columns DayTable::columns_in(std::string_view titles) {
  Columns columns;
  columns.titled = true;
  const auto cells = cells_of(titles);
  for (std::size_t i = 2; i < cells.size(); ++i) {
    if (cells[i] == "volume") columns.volume = i;
    if (cells[i] == "price") columns.price = i;
  }
  return columns;
}

// A row whose end is 0 goes on to the next.
std::optional<DayTable::Row> DayTable::row_in(std::string_view line, const Columns& columns) {
  const auto cells = cells_of(line);
  if (cells.size() < 2 || (cells.size() > 2 && !columns.titled)) return std::nullopt;
  const auto when = cells[0];
  const auto value = number_in(cells[1]);
  if (!value) return std::nullopt;
  DayTable::Row row;
  row.value = *value;
  for (const auto& [column, member] :
       {std::pair(columns.volume, &Row::volume), std::pair(columns.price, &Row::price)}) {
    if (!column || *column >= cells.size() || cells[*column].empty()) continue;
    row.*member = number_in(cells[*column]);
    if (!(row.*member)) return std::nullopt;
  }
  const auto dash = when.find('-');
  const auto begin = minute_in(trimmed(when.substr(0, dash)));
  if (!begin || *begin >= kDayMinutes) return std::nullopt;
  row.begin = *begin;
  if (dash == std::string_view::npos) return row;
  const auto end = minute_in(trimmed(when.substr(dash + 1)));
  if (!end) return std::nullopt;
  // Midnight as an end is the day's end, whichever way it is written.
  row.end = *end == 0 ? kDayMinutes : *end;
  return row.end > row.begin ? std::optional(row) : std::nullopt;
}

MarketFacts DayTable::market_of(const Row& row) const {
  MarketFacts market;
  if (columns_.volume) market.volume = row.volume ? fixed(*row.volume, 1) : "";
  if (columns_.price) market.price = row.price ? fixed(*row.price, 2) : "";
  return market;
}

base::Result<DayTable> DayTable::parse(std::string_view text) {
  DayTable table;
  int number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const auto row = row_in(line, table.columns_);
    if (!row) {
      if (number == 1) {
        table.columns_ = columns_in(line);
        continue;
      }
      return base::invalid_input("line " + std::to_string(number) + ": not 'HH:MM,value' or 'HH:MM-HH:MM,value'");
    }
    if (!table.rows_.emplace(row->begin, *row).second)
      return base::invalid_input("line " + std::to_string(number) + ": a second row begins at " +
                                 clock_text(row->begin));
  }
  if (table.rows_.empty()) return base::invalid_input("has no row");
  for (auto row = table.rows_.begin(); row != table.rows_.end(); ++row) {
    const auto next = std::next(row);
    const int limit = next == table.rows_.end() ? kDayMinutes : next->first;
    if (row->second.end > limit)
      return base::invalid_input("the row of " + clock_text(row->first) + " ends after the next begins");
    if (row->second.end == 0) row->second.end = limit;
  }
  return table;
}

std::optional<DayTable::Row> DayTable::at(int minute_of_day) const {
  auto row = rows_.upper_bound(minute_of_day);
  if (row == rows_.begin()) return std::nullopt;
  --row;
  return minute_of_day < row->second.end ? std::optional(row->second) : std::nullopt;
}

base::Result<SourcePower> TableSource::power_at(const Moment& moment) {
  const auto text = is_url(location_) ? fetch({.url = location_}) : runtime::read_file(location_, kTableLimit);
  auto parsed = text ? DayTable::parse(*text) : base::Result<DayTable>(text.error());
  if (parsed) {
    table_ = *std::move(parsed);
    read_at_ = moment.wall;
  } else if (!table_ || moment.wall - read_at_ > kTablePatience) {
    return base::with_context(parsed.error(), "table " + location_);
  }
  const auto row = table_->at(moment.minute_of_day);
  if (!row) return base::not_found("table " + location_ + ": no row for " + clock_text(moment.minute_of_day));
  const auto power = power_of(row->value, scale_);
  if (!power)
    return base::invalid_input("table " + location_ + ": the value of " + clock_text(row->begin) + " is no power");
  return SourcePower{*power, clock_text(row->begin) + "-" + clock_text(row->end), table_->market_of(*row)};
}

base::Result<SourcePower> QuerySource::power_at(const Moment&) {
  auto body = fetch({.url = url_ + "/api/v1/query", .query = {{"query", query_}}});
  if (!body) return base::with_context(body.error(), "query");
  const auto samples = telemetry::parse_query_reply(*std::move(body));
  if (!samples) return base::with_context(samples.error(), "query");
  if (samples->empty()) return base::not_found("query: no sample in the answer");
  const auto power = power_of(samples->front().value, scale_);
  if (!power) return base::invalid_input("query: the answer is no power");
  return SourcePower{*power};
}

}  // namespace headroom::rapl_agent::standalone
