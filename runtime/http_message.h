// One HTTP request and reply as values, the same for our servers and our client. No httplib type appears here.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::runtime {

// Header names compare without case.
struct HeaderLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    const auto lower = [](char c) { return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); };
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [&](char x, char y) { return lower(x) < lower(y); });
  }
};
using Headers = std::multimap<std::string, std::string, HeaderLess>;
using QueryParameters = std::multimap<std::string, std::string, std::less<>>;

struct HttpRequest {
  std::string method = "GET";
  // Path without query. On a server: as received, percent-decoded. On the client: sent as it is, so encode it.
  std::string path = "/";
  QueryParameters query;  // decoded; the client encodes
  Headers headers;
  // A server leaves at least SIMDJSON_PADDING bytes of spare capacity, so that the body can be parsed in place.
  std::string body;

  // Set by a server, ignored by the client.
  std::string remote_address;                 // from the socket, never from a header
  std::vector<std::string> client_san_names;  // DNS names, URIs and IPs of a verified client certificate; empty without
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;
  std::string body;
};

}  // namespace headroom::runtime
