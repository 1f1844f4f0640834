// HTTP(S) client: the only client-side user of cpp-httplib. One object talks to one host and keeps one connection open.
//
// Not thread-safe: one object per thread or per watch. Only cancel() may come from another thread.
// A reply with any status is a value; errors are what kept a reply from arriving: unavailable (refused, timed out, cut,
// half-open), denied (the server's certificate does not verify, or it refuses ours), invalid_input (a path or header
// that cannot be sent), unsupported (a compressed reply, which is never asked for).
//
// A kept connection that the server has closed meanwhile is replaced before use. Where the close crosses with a
// request, GET and HEAD are sent once more on a new connection; anything else is unavailable, for it may have been
// done.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/durations.h"
#include "base/result.h"
#include "runtime/http_message.h"
#include "runtime/tls.h"

namespace headroom::runtime {

struct HttpClientOptions {
  std::string host;  // name or IP, IPv6 without brackets
  std::uint16_t port = 80;
  bool https = false;
  ClientTls tls;  // used when https
  base::Milliseconds connect_timeout{3'000};
  base::Milliseconds read_timeout{10'000};       // per read: a silent stream ends after this
  base::Milliseconds total_timeout{30'000};      // for send(): whole reply
  base::Milliseconds dead_peer_timeout{15'000};  // TCP_USER_TIMEOUT and keep-alive probes: half-open connections end
  std::size_t body_limit = 512u << 20;           // replies larger than this are unavailable
};

// "http://host:port/path" taken apart. Errors: invalid_input naming what is wrong with it.
struct Url {
  bool https = false;
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";
};
[[nodiscard]] base::Result<Url> parse_url(std::string_view text);

// For one segment of a path or one value of a query: everything but letters, digits and -._~ becomes %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The body of the reply has spare capacity for parsing it in place, as on a server.
  [[nodiscard]] base::Result<HttpResponse> send(const HttpRequest& request);

  // Streams a reply. When the status is 2xx, on_chunk gets the body piece by piece (not line-aligned) and ends the
  // stream by returning false; any other reply is read whole. The result is the reply without the streamed body; a
  // stream that the server ends cleanly is a value, one that is cut or falls silent is unavailable.
  using OnChunk = std::function<bool(std::string_view)>;
  [[nodiscard]] base::Result<HttpResponse> stream(const HttpRequest& request, const OnChunk& on_chunk);

  // Ends a blocked send() or stream() at once and makes later ones fail. From any thread.
  void cancel();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::runtime
