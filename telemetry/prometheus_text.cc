#include "telemetry/prometheus_text.h"

#include <charconv>
#include <string>
#include <vector>

namespace headroom::telemetry {
namespace {

[[nodiscard]] bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
[[nodiscard]] bool is_name_char(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}
[[nodiscard]] bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Reads one line from left to right. Every take_ function gives nothing when the line is not what it should be.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  [[nodiscard]] bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Empty: no name here.
  [[nodiscard]] std::string_view take_name() {
    std::size_t length = 0;
    if (!rest_.empty() && is_name_start(rest_.front())) {
      while (length < rest_.size() && is_name_char(rest_[length])) ++length;
    }
    return split(length);
  }
  // Up to the next blank.
  [[nodiscard]] std::string_view take_word() {
    std::size_t length = 0;
    while (length < rest_.size() && !is_blank(rest_[length])) ++length;
    return split(length);
  }
  // A quoted value. The text is in the line where it has no escapes, else in `scratch`, which must have the capacity
  // of the whole line so that earlier views into it stay valid.
  [[nodiscard]] std::optional<std::string_view> take_quoted(std::string& scratch) {
    if (!take('"')) return std::nullopt;
    const std::size_t plain = rest_.find_first_of("\"\\");
    if (plain == std::string_view::npos) return std::nullopt;
    if (rest_[plain] == '"') {
      const std::string_view value = split(plain);
      rest_.remove_prefix(1);
      return value;
    }
    return take_escaped(scratch);
  }

 private:
  [[nodiscard]] std::string_view split(std::size_t length) {
    const std::string_view head = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return head;
  }
  [[nodiscard]] std::optional<std::string_view> take_escaped(std::string& scratch) {
    const std::size_t start = scratch.size();
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return std::string_view(scratch).substr(start);
      if (c != '\\') {
        scratch += c;
        continue;
      }
      if (rest_.empty()) return std::nullopt;
      const char escaped = rest_.front();
      rest_.remove_prefix(1);
      if (escaped == 'n') {
        scratch += '\n';
      } else if (escaped == '"' || escaped == '\\') {
        scratch += escaped;
      } else {  // as Prometheus reads it: an unknown escape is kept as written
        scratch += '\\';
        scratch += escaped;
      }
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

[[nodiscard]] std::optional<double> parse_value(std::string_view word) {
  if (!word.empty() && word.front() == '+') word.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || word.empty()) return std::nullopt;
  return value;
}

[[nodiscard]] std::optional<base::Milliseconds> parse_timestamp(std::string_view word) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return base::Milliseconds(value);
}

// For lines that are skipped unread: they end in a number, prose does not.
[[nodiscard]] bool ends_in_number(std::string_view line) {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  const auto blank = line.find_last_of(" \t}");
  return blank != std::string_view::npos && parse_value(line.substr(blank + 1)).has_value();
}

class TextParser {
 public:
  TextParser(const TextVisitor& visitor, const TextLimits& limits) : visitor_(visitor), limits_(limits) {}

  void line(std::string_view text) {
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    LineReader reader(text);
    reader.skip_blanks();
    if (reader.at_end() || reader.next_is('#')) return;
    const std::string_view name = reader.take_name();
    const bool wanted = !name.empty() && visitor_.wants(name);
    if (wanted && text.size() <= limits_.line_bytes && sample(name, reader, text.size())) {
      ++summary_.samples;
    } else if (!wanted && !name.empty() && ends_in_number(text)) {
      ++summary_.skipped;
    } else {
      ++summary_.junk_lines;
    }
  }
  [[nodiscard]] const TextSummary& summary() const { return summary_; }

 private:
  [[nodiscard]] bool sample(std::string_view name, LineReader& reader, std::size_t line_size) {
    scratch_.clear();
    scratch_.reserve(line_size);
    labels_.clear();
    reader.skip_blanks();
    if (reader.take('{') && !labels(reader)) return false;
    reader.skip_blanks();
    const auto value = parse_value(reader.take_word());
    if (!value) return false;
    reader.skip_blanks();
    TextSample found{name, labels_, *value, std::nullopt};
    if (!reader.at_end() && !reader.next_is('#')) {  // '#': an exemplar of OpenMetrics
      found.timestamp = parse_timestamp(reader.take_word());
      reader.skip_blanks();
      if (!found.timestamp || !(reader.at_end() || reader.next_is('#'))) return false;
    }
    visitor_.take(found);
    return true;
  }

  // From behind '{' to behind '}'. A trailing comma is allowed.
  [[nodiscard]] bool labels(LineReader& reader) {
    for (;;) {
      reader.skip_blanks();
      if (reader.take('}')) return true;
      const std::string_view name = reader.take_name();
      reader.skip_blanks();
      if (name.empty() || !reader.take('=') || labels_.size() == limits_.labels) return false;
      reader.skip_blanks();
      const auto value = reader.take_quoted(scratch_);
      if (!value) return false;
      labels_.push_back({name, *value});
      reader.skip_blanks();
      if (!reader.take(',') && !reader.next_is('}')) return false;
    }
  }

  const TextVisitor& visitor_;
  const TextLimits& limits_;
  TextSummary summary_;
  std::vector<TextLabel> labels_;
  std::string scratch_;
};

}  // namespace

TextSummary parse_prometheus_text(std::string_view body, const TextVisitor& visitor, const TextLimits& limits) {
  TextParser parser(visitor, limits);
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    parser.line(body.substr(0, end));
    if (end == std::string_view::npos) break;
    body.remove_prefix(end + 1);
  }
  return parser.summary();
}

}  // namespace headroom::telemetry
