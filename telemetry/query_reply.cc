#include "telemetry/query_reply.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace headroom::telemetry {
namespace {

namespace sj = simdjson;
using Samples = std::vector<Sample>;

[[nodiscard]] base::Error malformed(const std::string& what) {
  return base::unsupported("not a Prometheus query reply: " + what);
}

[[nodiscard]] base::WallTime time_of(double seconds) {
  if (!(seconds >= 0 && seconds < 1e11)) return {};
  return base::WallTime(base::Microseconds(std::llround(seconds * 1e6)));
}

[[nodiscard]] std::optional<double> number_of(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// [seconds, "value"]
[[nodiscard]] bool read_point(sj::dom::element pair, Sample& row) {
  sj::dom::array array;
  double seconds = 0;
  std::string_view text;
  if (pair.get(array) != sj::SUCCESS || array.size() != 2) return false;
  if (array.at(0).get(seconds) != sj::SUCCESS || array.at(1).get(text) != sj::SUCCESS) return false;
  const auto value = number_of(text);
  if (!value) return false;
  row.time = time_of(seconds);
  row.value = *value;
  return true;
}

[[nodiscard]] bool read_labels(sj::dom::element metric, Sample& row) {
  sj::dom::object object;
  if (metric.get(object) != sj::SUCCESS) return false;
  row.labels.reserve(object.size());
  for (const auto field : object) {
    std::string_view value;
    if (field.value.get(value) != sj::SUCCESS) return false;
    if (field.key == "__name__") {
      row.name = std::string(value);
    } else {
      row.labels.emplace_back(field.key, value);
    }
  }
  return true;
}

[[nodiscard]] base::Result<Samples> read_vector(sj::dom::element result) {
  sj::dom::array rows;
  if (result.get(rows) != sj::SUCCESS) return malformed("data.result is no list");
  Samples samples;
  samples.reserve(rows.size());
  for (const sj::dom::element entry : rows) {
    sj::dom::element metric;
    sj::dom::element value;
    Sample row;
    // A row of a native histogram has no value: nothing we could use.
    if (entry["metric"].get(metric) != sj::SUCCESS) return malformed("a row without metric");
    if (entry["value"].get(value) != sj::SUCCESS) continue;
    if (!read_labels(metric, row) || !read_point(value, row)) return malformed("a row that cannot be read");
    samples.push_back(std::move(row));
  }
  return samples;
}

[[nodiscard]] base::Error refused(sj::dom::element root) {
  std::string_view type;
  std::string_view text;
  if (root["errorType"].get(type) != sj::SUCCESS) type = "unknown error";
  if (root["error"].get(text) != sj::SUCCESS) text = "no message";
  const std::string message = std::string(type) + ": " + std::string(text);
  if (type == "timeout" || type == "canceled" || type == "unavailable" || type == "internal") {
    return base::unavailable(message);
  }
  return base::invalid_input(message);
}

}  // namespace

base::Result<Samples> parse_query_reply(std::string body) {
  body.reserve(body.size() + sj::SIMDJSON_PADDING);
  sj::dom::parser parser;
  sj::dom::element root;
  if (const auto error = parser.parse(body.data(), body.size(), false).get(root); error != sj::SUCCESS) {
    return malformed(sj::error_message(error));
  }
  std::string_view status;
  if (root["status"].get(status) != sj::SUCCESS) return malformed("no status");
  if (status != "success") return refused(root);
  std::string_view type;
  sj::dom::element result;
  if (root["data"]["resultType"].get(type) != sj::SUCCESS) return malformed("no data.resultType");
  if (root["data"]["result"].get(result) != sj::SUCCESS) return malformed("no data.result");
  if (type == "vector") return read_vector(result);
  if (type != "scalar")
    return base::invalid_input("the query gives a " + std::string(type) + ", not one row per series");
  Sample row;
  if (!read_point(result, row)) return malformed("data.result is no scalar");
  return Samples{row};
}

}  // namespace headroom::telemetry
