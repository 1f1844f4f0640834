#include "runtime/http_framing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace headroom::runtime {
namespace {

bool is_token_char(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same_word(std::string_view a, std::string_view b) {
  return !HeaderLess{}(a, b) && !HeaderLess{}(b, a);
}

// Cuts the first line off `rest`. Nothing: the line does not end with CRLF or holds a stray control character.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r') return std::nullopt;
  const std::string_view line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  const bool clean = std::all_of(line.begin(), line.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) != 0x7F);
  });
  return clean ? std::optional(line) : std::nullopt;
}

bool is_method(std::string_view text) {
  constexpr std::array<std::string_view, 9> kMethods{"GET",     "POST",    "PUT",   "PATCH", "DELETE",
                                                     "OPTIONS", "CONNECT", "TRACE", "HEAD"};
  return std::find(kMethods.begin(), kMethods.end(), text) != kMethods.end();
}

struct RequestLine {
  std::string_view method;
  std::string_view target;
  bool is_1_0 = false;
};
std::optional<RequestLine> parse_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || line.find(' ', first + 1) != last) return std::nullopt;
  const std::string_view version = line.substr(last + 1);
  if (!is_method(line.substr(0, first)) || last == first + 1) return std::nullopt;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return std::nullopt;
  return RequestLine{line.substr(0, first), line.substr(first + 1, last - first - 1), version == "HTTP/1.0"};
}

std::optional<Headers> parse_headers(std::string_view& rest) {
  Headers headers;
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    if (line->empty()) return headers;
    const auto colon = line->find(':');
    // A name must touch its colon, and a line that begins with a blank would continue the one before it.
    if (colon == std::string_view::npos || !is_token(line->substr(0, colon))) return std::nullopt;
    headers.emplace(line->substr(0, colon), trimmed(line->substr(colon + 1)));
  }
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::uint64_t length = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
  return digits && parsed.ec == std::errc() ? std::optional(length) : std::nullopt;
}

HeadRefusal bad(std::string reason) {
  return {400, std::move(reason)};
}

std::optional<HeadRefusal> set_framing(RequestHead& head) {
  const auto length = head.headers.find("Content-Length");
  const auto coding = head.headers.find("Transfer-Encoding");
  if (head.headers.count("Content-Length") > 1) return bad("Content-Length stands twice");
  if (head.headers.count("Transfer-Encoding") > 1) return bad("Transfer-Encoding stands twice");
  if (coding != head.headers.end()) {
    if (length != head.headers.end()) return bad("Transfer-Encoding and Content-Length together");
    if (head.is_1_0 || !same_word(coding->second, "chunked")) return bad("Transfer-Encoding must be chunked");
    head.framing = BodyFraming::chunked;
  } else if (length != head.headers.end()) {
    const auto bytes = parse_length(length->second);
    if (!bytes) return bad("Content-Length must be a decimal number");
    head.content_length = *bytes;
    head.framing = *bytes == 0 ? BodyFraming::none : BodyFraming::length;
  }
  return std::nullopt;
}

}  // namespace

std::variant<RequestHead, HeadRefusal> check_request_head(std::string_view raw, std::size_t body_limit) {
  const auto first_line = take_line(raw);
  const auto request = first_line ? parse_request_line(*first_line) : std::nullopt;
  if (!request) return bad("malformed request line");
  auto headers = parse_headers(raw);
  if (!headers) return bad("malformed header");
  RequestHead head;
  head.method = request->method;
  head.target = request->target;
  head.is_1_0 = request->is_1_0;
  head.headers = *std::move(headers);
  const auto hosts = head.headers.count("Host");
  if (hosts > 1 || (hosts == 0 && !head.is_1_0)) return bad("exactly one Host header is needed");
  if (auto refusal = set_framing(head)) return *std::move(refusal);
  for (auto [it, end] = head.headers.equal_range("Content-Encoding"); it != end; ++it) {
    if (!same_word(it->second, "identity")) return HeadRefusal{415, "Content-Encoding is not supported"};
  }
  if (head.content_length > body_limit) return HeadRefusal{413, "body is too large"};
  return head;
}

}  // namespace headroom::runtime
