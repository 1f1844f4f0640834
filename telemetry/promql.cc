#include "telemetry/promql.h"

#include <cctype>

namespace headroom::telemetry {
namespace {

[[nodiscard]] bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

[[nodiscard]] std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

[[nodiscard]] bool is_metric_char(char c, bool first) {
  const auto u = static_cast<unsigned char>(c);
  return std::isalpha(u) != 0 || c == '_' || c == ':' || (!first && std::isdigit(u) != 0);
}

// Length of the metric name at the front; 0: none.
[[nodiscard]] std::size_t metric_name_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_metric_char(text[length], length == 0)) ++length;
  return length;
}

// Whether `text` is one brace block from its first to its last character; braces inside quotes do not count.
[[nodiscard]] bool is_matcher_block(std::string_view text) {
  if (text.size() < 2 || text.front() != '{') return false;
  char quote = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '{') {
      return false;
    } else if (c == '}') {
      return i + 1 == text.size();
    }
  }
  return false;
}

// PromQL's number literals that look like metric names.
[[nodiscard]] bool is_number_word(std::string_view name) {
  std::string lower;
  for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower == "nan" || lower == "inf";
}

}  // namespace

std::string escape_promql(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

bool is_bare_selector(std::string_view query) {
  const std::string_view text = trimmed(query);
  const std::size_t name = metric_name_length(text);
  const std::string_view rest = trimmed(text.substr(name));
  if (rest.empty()) return name > 0 && !is_number_word(text);
  return is_matcher_block(rest);
}

}  // namespace headroom::telemetry
