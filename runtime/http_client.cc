#include "runtime/http_client.h"

#include <httplib.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "runtime/connection.h"
#include "runtime/connection_stream.h"
#include "runtime/http_body.h"
#include "runtime/system_clock.h"
#include "runtime/tcp_socket.h"
#include "runtime/tls_context.h"

namespace headroom::runtime {
namespace {

constexpr std::size_t kReplyHeadLimit = 256 << 10;

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

bool header_safe(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; });
}

bool same_word(std::string_view a, std::string_view b) {
  return !HeaderLess{}(a, b) && !HeaderLess{}(b, a);
}

std::string target_of(const HttpRequest& request) {
  std::string target = request.path;
  char separator = target.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : request.query) {
    target += separator + percent_encoded(name) + "=" + percent_encoded(value);
    separator = '&';
  }
  return target;
}

// Alerts by which a server refuses our certificate or our lack of one.
bool refuses_certificate(const std::string& tls_error) {
  const bool alert = tls_error.find("alert") != std::string::npos;
  return alert &&
         (tls_error.find("certificate") != std::string::npos || tls_error.find("unknown ca") != std::string::npos ||
          tls_error.find("access denied") != std::string::npos);
}

}  // namespace

// httplib::ClientImpl writes the request and parses the reply; the connection with its deadlines is ours.
class HttpClient::Impl final : private httplib::ClientImpl {
 public:
  explicit Impl(HttpClientOptions wanted)
      : httplib::ClientImpl(wanted.host, wanted.port),
        options_(std::move(wanted)),
        tls_(options_.tls),
        cancel_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    set_decompress(false);
    set_url_encode(false);
  }

  base::Result<HttpResponse> exchange(const HttpRequest& request, const OnChunk* on_chunk);

  void cancel() {
    cancelled_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(cancel_.get(), &one, sizeof one);  // full means already cancelled
  }

 private:
  // What one exchange has seen of its reply.
  struct Reply {
    HttpResponse response;
    bool head_seen = false;
    bool stopped_by_caller = false;
    bool too_large = false;
    std::string encoding;
    bool reusable = false;
  };

  base::Status connect(base::MonoTime deadline);
  std::optional<base::Error> unsendable(const HttpRequest& request) const;
  httplib::Request to_library(const HttpRequest& request) const;
  static void take_head(const httplib::Response& theirs, Reply& reply);
  bool take_piece(std::string_view piece, Reply& reply, const OnChunk* on_chunk) const;
  struct Attempt {
    base::Result<HttpResponse> result;
    bool unanswered = false;  // the connection ended before a single byte came back
  };
  Attempt attempt(const HttpRequest& request, const OnChunk* on_chunk);
  base::Result<HttpResponse> conclude(Reply reply, bool ok);
  base::Error why_cut(const Reply& reply) const;
  std::string host_header() const;
  std::string peer() const { return options_.host + ":" + std::to_string(options_.port); }

  const HttpClientOptions options_;
  TlsContextSource tls_;
  UniqueFd cancel_;
  std::atomic<bool> cancelled_{false};
  std::unique_ptr<Connection> connection_;
};

std::string HttpClient::Impl::host_header() const {
  const bool usual = options_.port == (options_.https ? 443 : 80);
  const std::string host = options_.host.find(':') == std::string::npos ? options_.host : "[" + options_.host + "]";
  return usual ? host : host + ":" + std::to_string(options_.port);
}

base::Status HttpClient::Impl::connect(base::MonoTime deadline) {
  auto socket =
      connect_to({options_.host, options_.port, options_.connect_timeout, options_.dead_peer_timeout, cancel_.get()});
  if (!socket) return socket.error();
  auto connection = std::make_unique<Connection>(*std::move(socket), cancel_.get());
  connection->write_within(options_.read_timeout);
  if (options_.https) {
    const auto context = tls_.current();
    if (!context) return base::with_context(context.error(), "TLS to " + peer());
    const std::string& name = options_.tls.server_name.empty() ? options_.host : options_.tls.server_name;
    const auto until = std::min(deadline, SystemClock().mono_now() + options_.connect_timeout);
    const auto shaken = connection->connect_tls(*context, name, until);
    if (!shaken) return base::with_context(shaken.error(), "TLS to " + peer());
  }
  connection_ = std::move(connection);
  return base::ok_status();
}

std::optional<base::Error> HttpClient::Impl::unsendable(const HttpRequest& request) const {
  if (!printable(request.method) || request.method.empty()) return base::invalid_input("request method is not a word");
  if (request.path.empty() || request.path.front() != '/' || !printable(request.path)) {
    return base::invalid_input("request path \"" + request.path + "\" must begin with / and be encoded");
  }
  for (const auto& [name, value] : request.headers) {
    if (!printable(name) || !header_safe(value)) {
      return base::invalid_input("request header \"" + name + "\" holds a character that cannot be sent");
    }
  }
  return std::nullopt;
}

httplib::Request HttpClient::Impl::to_library(const HttpRequest& request) const {
  httplib::Request theirs;
  theirs.method = request.method;
  theirs.path = target_of(request);
  for (const auto& [name, value] : request.headers) theirs.headers.emplace(name, value);
  const auto set_default = [&](const char* name, const std::string& value) {
    if (!theirs.has_header(name)) theirs.headers.emplace(name, value);
  };
  set_default("Host", host_header());
  set_default("Accept", "application/json");
  set_default("User-Agent", "headroom");
  set_default("Accept-Encoding", "identity");
  if (!request.body.empty()) set_default("Content-Type", "application/json");
  theirs.body = request.body;
  return theirs;
}

void HttpClient::Impl::take_head(const httplib::Response& theirs, Reply& reply) {
  HttpResponse& ours = reply.response;
  ours.status = theirs.status;
  ours.content_type = theirs.get_header_value("Content-Type");
  for (const auto& [name, value] : theirs.headers) ours.headers.emplace(name, value);
  reply.head_seen = true;
  reply.encoding = theirs.get_header_value("Content-Encoding");
  const bool framed = theirs.has_header("Content-Length") || theirs.has_header("Transfer-Encoding") ||
                      theirs.status == 204 || theirs.status == 304;
  reply.reusable = framed && theirs.version == "HTTP/1.1" && !same_word(theirs.get_header_value("Connection"), "close");
}

bool HttpClient::Impl::take_piece(std::string_view piece, Reply& reply, const OnChunk* on_chunk) const {
  if (on_chunk != nullptr && reply.response.status / 100 == 2) {
    reply.stopped_by_caller = !(*on_chunk)(piece);
    return !reply.stopped_by_caller;
  }
  std::string& body = reply.response.body;
  reply.too_large = piece.size() > options_.body_limit - body.size();
  if (reply.too_large) return false;
  if (body.empty()) {
    const auto length = reply.response.headers.find("Content-Length");
    const auto announced =
        length == reply.response.headers.end() ? 0 : std::strtoull(length->second.c_str(), nullptr, 10);
    body.reserve(std::min<std::size_t>(announced, options_.body_limit) + kBodyPadding);
  }
  body += piece;
  return true;
}

base::Error HttpClient::Impl::why_cut(const Reply& reply) const {
  if (cancelled_) return base::unavailable(peer() + ": cancelled");
  if (reply.too_large) {
    return base::unavailable(peer() + ": the reply is larger than " + std::to_string(options_.body_limit) + " bytes");
  }
  if (refuses_certificate(connection_->tls_error())) {
    return base::denied(peer() + ": our certificate is refused: " + connection_->tls_error());
  }
  const std::string when = reply.head_seen ? " in the middle of a reply" : " before a reply";
  switch (connection_->end()) {
    case ConnectionEnd::timed_out: return base::unavailable(peer() + ": timed out" + when);
    case ConnectionEnd::input_limit: return base::unavailable(peer() + ": the reply's head is too large");
    case ConnectionEnd::closed: return base::unavailable(peer() + ": connection closed" + when);
    case ConnectionEnd::cancelled:
    case ConnectionEnd::failed: return base::unavailable(peer() + ": connection broken" + when);
    case ConnectionEnd::none: break;
  }
  return base::unavailable(peer() + ": the reply is not valid HTTP");
}

base::Result<HttpResponse> HttpClient::Impl::conclude(Reply reply, bool ok) {
  if (reply.stopped_by_caller) {
    connection_.reset();
    return std::move(reply.response);
  }
  if (!ok) {
    base::Error error = why_cut(reply);
    connection_.reset();
    return error;
  }
  if (!reply.reusable) connection_.reset();
  if (!reply.encoding.empty() && !same_word(reply.encoding, "identity")) {
    return base::unsupported(peer() + ": reply in encoding \"" + reply.encoding + "\", which was not asked for");
  }
  reply.response.body.reserve(reply.response.body.size() + kBodyPadding);
  return std::move(reply.response);
}

HttpClient::Impl::Attempt HttpClient::Impl::attempt(const HttpRequest& request, const OnChunk* on_chunk) {
  Reply reply;
  const std::uint64_t before = connection_->bytes_read();
  httplib::Request theirs = to_library(request);
  theirs.response_handler = [&](const httplib::Response& response) {
    [[maybe_unused]] const std::string head = connection_->take_head();
    take_head(response, reply);
    return true;
  };
  theirs.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    return take_piece({data, size}, reply, on_chunk);
  };
  connection_->start_head(kReplyHeadLimit);
  ConnectionStream<httplib::Stream> stream(*connection_);
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  const bool ok = process_request(stream, theirs, response, false, error);
  if (ok && !reply.head_seen) {  // a reply that has no body by definition
    [[maybe_unused]] const std::string head = connection_->take_head();
    take_head(response, reply);
  }
  const ConnectionEnd end = connection_->end();
  const bool unanswered = !ok && !cancelled_ && connection_->bytes_read() == before &&
                          (end == ConnectionEnd::closed || end == ConnectionEnd::failed);
  return {conclude(std::move(reply), ok), unanswered};
}

base::Result<HttpResponse> HttpClient::Impl::exchange(const HttpRequest& request, const OnChunk* on_chunk) {
  if (auto error = unsendable(request)) return *std::move(error);
  if (cancelled_) return base::unavailable(peer() + ": cancelled");
  const base::MonoTime deadline =
      on_chunk == nullptr ? SystemClock().mono_now() + options_.total_timeout : base::MonoTime::max();
  if (connection_ && !connection_->quiet()) connection_.reset();
  const bool reused = connection_ != nullptr;
  if (!reused) {
    if (auto status = connect(deadline); !status) return status.error();
  }
  connection_->read_until(deadline, options_.read_timeout);
  Attempt first = attempt(request, on_chunk);
  const bool repeatable = request.method == "GET" || request.method == "HEAD";
  if (!reused || !first.unanswered || !repeatable) return std::move(first.result);
  if (auto status = connect(deadline); !status) return status.error();
  connection_->read_until(deadline, options_.read_timeout);
  return attempt(request, on_chunk).result;
}

HttpClient::HttpClient(HttpClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;
base::Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  return impl_->exchange(request, nullptr);
}
base::Result<HttpResponse> HttpClient::stream(const HttpRequest& request, const OnChunk& on_chunk) {
  return impl_->exchange(request, &on_chunk);
}
void HttpClient::cancel() {
  impl_->cancel();
}

}  // namespace headroom::runtime
