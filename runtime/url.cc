#include <algorithm>
#include <charconv>

#include "runtime/http_client.h"

namespace headroom::runtime {
namespace {

base::Error bad_url(std::string_view text, std::string_view what) {
  return base::invalid_input("\"" + std::string(text) + "\": " + std::string(what));
}

bool is_printable(char c) {
  return c > 0x20 && c < 0x7F;
}

}  // namespace

base::Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.https = true;
    url.port = 443;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return bad_url(text, "must begin with http:// or https://");
  }
  if (!std::all_of(rest.begin(), rest.end(), is_printable))
    return bad_url(text, "holds a blank or a control character");
  const auto slash = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = std::string(rest.substr(slash));
  if (url.path.front() != '/') url.path.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) return bad_url(text, "user and password do not belong here");

  std::string_view port;
  if (authority.starts_with('[')) {
    const auto bracket = authority.find(']');
    if (bracket == std::string_view::npos) return bad_url(text, "a bracket is not closed");
    url.host = std::string(authority.substr(1, bracket - 1));
    port = authority.substr(bracket + 1);
    if (!port.empty() && port.front() != ':') return bad_url(text, "a port is written as :port");
  } else {
    const auto colon = authority.find(':');
    url.host = std::string(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (url.host.empty()) return bad_url(text, "names no host");
  if (port.empty()) return url;
  port.remove_prefix(1);
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() || url.port == 0) {
    return bad_url(text, "the port must be from 1 to 65535");
  }
  return url;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kUnreserved.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    const auto code = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[code >> 4];
    out += kHex[code & 0xF];
  }
  return out;
}

}  // namespace headroom::runtime
