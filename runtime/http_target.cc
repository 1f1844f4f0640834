#include "runtime/http_target.h"

#include <algorithm>
#include <optional>

namespace headroom::runtime {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
    if (low) {
      out += static_cast<char>(*high << 4U | *low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// In a query a plus is a blank.
std::string query_decoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decoded(spaced);
}

}  // namespace

RequestTarget read_target(std::string_view target) {
  target = target.substr(0, target.find('#'));
  const auto mark = target.find('?');
  RequestTarget read;
  read.path = percent_decoded(target.substr(0, mark));
  std::string_view rest = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (pair.empty() || equals == 0) continue;
    const std::string_view value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    read.query.emplace(query_decoded(pair.substr(0, equals)), query_decoded(value));
  }
  return read;
}

bool asks_for_close(const RequestHead& head) {
  const auto connection = head.headers.find("Connection");
  const auto same = [](std::string_view a, std::string_view b) { return !HeaderLess{}(a, b) && !HeaderLess{}(b, a); };
  if (connection == head.headers.end()) return head.is_1_0;
  return head.is_1_0 ? !same(connection->second, "keep-alive") : same(connection->second, "close");
}

}  // namespace headroom::runtime
