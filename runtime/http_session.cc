#include "runtime/http_session.h"

#include <httplib.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/connection_stream.h"
#include "runtime/http_body.h"
#include "runtime/http_framing.h"
#include "runtime/logging.h"
#include "runtime/system_clock.h"
#include "runtime/tcp_socket.h"

namespace headroom::runtime {
namespace {

constexpr std::string_view kTextPlain = "text/plain; charset=utf-8";

// httplib::Server parses the request line and writes the reply; sockets, deadlines, framing, bodies and routes are
// ours. One object serves one connection and never listens.
class Session final : private httplib::Server {
 public:
  Session(Connection& connection, const SessionShared& shared)
      : connection_(connection),
        shared_(shared),
        peer_address_(peer_address(connection.socket())),
        stream_(connection, peer_address_),
        peer_names_(connection.peer_names()) {
    // The library takes an invalid listening socket for "the server is stopping" and would cut streams.
    svr_sock_ = connection.socket();
    set_keep_alive_timeout(std::max<time_t>(1, shared.options.keep_alive.count() / 1'000));
    set_keep_alive_max_count(1'000'000'000);
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
      return HandlerResponse::Handled;
    });
  }

  void run() {
    connection_.write_within(shared_.options.write_deadline);
    base::Milliseconds patience = shared_.options.request_deadline;  // a connection that says nothing at all
    while (shared_.registry.enter_idle(connection_.socket())) {
      const bool readable = connection_.wait_readable(patience);
      if (!shared_.registry.leave_idle(connection_.socket())) closing_ = true;
      if (!readable || !serve_one() || closing_) break;
      patience = shared_.options.keep_alive;
    }
    if (unread_input_) connection_.close_gently();
  }

 private:
  bool stopping() const { return shared_.stopping.load(std::memory_order_relaxed); }

  // False: the connection cannot be used any more.
  bool serve_one() {
    connection_.read_until(SystemClock().mono_now() + shared_.options.request_deadline);
    connection_.start_head(shared_.options.head_limit);
    head_read_ = false;
    const std::uint64_t before = connection_.bytes_read();
    bool closed_by_client = false;
    const auto on_head = [this](httplib::Request& request) { take_head(request); };
    const bool ok = process(*this, closed_by_client, on_head);
    current_ = nullptr;
    if (!head_read_) return refuse_unread_head(before);
    if (closed_by_client) closing_ = true;
    return connection_.flush() && ok;
  }

  // 0.18 of the library (Debian 13) wants the addresses that 0.11 (Debian 12) asks the stream for.
  template <class Self>
  static bool process(Self& self, bool& closed_by_client, const std::function<void(httplib::Request&)>& on_head) {
    if constexpr (requires { self.process_request(self.stream_, false, closed_by_client, on_head); }) {
      return self.process_request(self.stream_, false, closed_by_client, on_head);
    } else {
      return self.process_request(self.stream_, std::string(), 0, std::string(), 0, false, closed_by_client, on_head);
    }
  }

  // The library could not even parse the head: what it wrote does not close the connection, so ours goes out instead.
  bool refuse_unread_head(std::uint64_t bytes_before) {
    connection_.discard_output();
    const bool silent = connection_.bytes_read() == bytes_before && connection_.take_head().empty();
    if (silent || connection_.end() == ConnectionEnd::closed || connection_.end() == ConnectionEnd::failed)
      return false;
    shared_.counters.refused.fetch_add(1, std::memory_order_relaxed);
    std::string_view status = "400 Bad Request";
    if (connection_.end() == ConnectionEnd::timed_out) status = "408 Request Timeout";
    if (connection_.end() == ConnectionEnd::input_limit) status = "431 Request Header Fields Too Large";
    closing_ = true;
    unread_input_ = true;
    return connection_.write("HTTP/1.1 " + std::string(status) + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }

  void take_head(httplib::Request& request) {
    head_read_ = true;
    current_ = &request;
    head_ = check_request_head(connection_.take_head(), shared_.options.body_limit);
    // What the library would act on by itself: compressing replies, cutting ranges out of them.
    request.headers.erase("Accept-Encoding");
    request.headers.erase("Range");
    request.ranges.clear();
    if (std::holds_alternative<HeadRefusal>(head_)) request.headers.erase("Expect");
  }

  // The reply says "Connection: close", and so it happens.
  void close_after_reply() {
    closing_ = true;
    current_->headers.erase("Connection");
    current_->headers.emplace("Connection", "close");
  }

  void answer(const httplib::Request& request, httplib::Response& response) {
    shared_.counters.requests.fetch_add(1, std::memory_order_relaxed);
    if (const auto* refusal = std::get_if<HeadRefusal>(&head_)) {
      refuse(response, refusal->status, refusal->reason);
    } else {
      receive_and_route(request, std::get<RequestHead>(head_), response);
    }
    if (stopping() || closing_) close_after_reply();
  }

  void refuse(httplib::Response& response, int status, std::string_view reason) {
    shared_.counters.refused.fetch_add(1, std::memory_order_relaxed);
    put(response, plain(status, reason));
    unread_input_ = true;
    close_after_reply();
  }

  void receive_and_route(const httplib::Request& request, RequestHead& head, httplib::Response& response) {
    ReceivedBody body = receive_body(connection_, head, shared_.options.body_limit);
    switch (body.outcome) {
      case BodyOutcome::complete: break;
      case BodyOutcome::too_large: refuse(response, 413, "body is too large"); return;
      case BodyOutcome::malformed: refuse(response, 400, "malformed chunked body"); return;
      case BodyOutcome::cut: refuse(response, 408, "the body did not arrive"); return;
    }
    connection_.read_until(base::MonoTime::max());
    HttpRequest ours;
    ours.method = request.method;
    ours.path = request.path;
    for (const auto& [name, value] : request.params) ours.query.emplace(name, value);
    ours.headers = std::move(head.headers);
    ours.body = std::move(body.bytes);
    ours.remote_address = peer_address_;
    ours.client_san_names = peer_names_;
    route(ours, response);
  }

  void route(const HttpRequest& request, httplib::Response& response) {
    if (!client_allowed()) {
      put(response, plain(403, "this client certificate is not allowed"));
      return;
    }
    const Router::Match match = shared_.router.find(request.method, request.path);
    if (match.handler == nullptr) {
      HttpResponse refused = plain(match.status, match.status == 405 ? "method not allowed" : "not found");
      if (!match.allowed.empty()) refused.headers.emplace("Allow", match.allowed);
      put(response, std::move(refused));
      return;
    }
    try {
      if (match.streams != nullptr) {
        if (auto stream = (*match.streams)(request)) {
          put_stream(response, *std::move(stream));
          return;
        }
      }
      put(response, (*match.handler)(request));
    } catch (...) {
      handler_failed(request.path);
      put(response, plain(500, "internal error"));
    }
  }

  bool client_allowed() const {
    const auto& tls = shared_.options.tls;
    if (!tls || tls->client_ca_file.empty() || tls->allowed_client_sans.empty()) return true;
    return std::find_first_of(peer_names_.begin(), peer_names_.end(), tls->allowed_client_sans.begin(),
                              tls->allowed_client_sans.end()) != peer_names_.end();
  }

  // Inside a catch block: the exception's text goes to the log and nowhere else.
  void handler_failed(const std::string& path) const {
    shared_.counters.handler_failures.fetch_add(1, std::memory_order_relaxed);
    std::string what = "not a std::exception";
    try {
      throw;
    } catch (const std::exception& error) {
      what = error.what();
    } catch (...) {
    }
    log_error("http", "a handler failed", {{"server", shared_.options.name}, {"path", path}, {"error", what}});
  }

  static HttpResponse plain(int status, std::string_view text) {
    HttpResponse response;
    response.status = status;
    response.content_type = std::string(kTextPlain);
    response.body = std::string(text) + "\n";
    return response;
  }

  static bool one_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

  static void put_head(httplib::Response& theirs, const HttpResponse& ours) {
    theirs.status = ours.status;
    for (const auto& [name, value] : ours.headers) {
      if (one_line(name) && one_line(value)) theirs.set_header(name, value);
    }
  }

  static void put(httplib::Response& theirs, HttpResponse ours) {
    put_head(theirs, ours);
    if (!ours.body.empty()) theirs.set_header("Content-Type", ours.content_type);
    theirs.body = std::move(ours.body);
  }

  void put_stream(httplib::Response& theirs, HttpStream ours) {
    put_head(theirs, ours.head);
    theirs.set_chunked_content_provider(ours.head.content_type,
                                        [this, body = std::move(ours.body)](std::size_t, httplib::DataSink& sink) {
                                          bool gone = false;
                                          const ChunkWriter writer = [&](std::string_view piece) {
                                            gone = gone || connection_.peer_gone();
                                            if (gone || stopping()) return false;
                                            // An empty chunk would end the stream; an empty piece only asks whether
                                            // anybody listens.
                                            if (piece.empty()) return connection_.flush();
                                            gone = !sink.write(piece.data(), piece.size()) || !connection_.flush();
                                            return !gone;
                                          };
                                          run_stream(body, writer);
                                          if (gone) return false;
                                          sink.done();
                                          return true;
                                        });
    if (stopping()) closing_ = true;
  }

  void run_stream(const std::function<void(const ChunkWriter&)>& body, const ChunkWriter& writer) {
    try {
      body(writer);
    } catch (...) {
      handler_failed("(stream)");
    }
    if (stopping()) closing_ = true;
  }

  Connection& connection_;
  const SessionShared& shared_;
  const std::string peer_address_;
  ConnectionStream<httplib::Stream> stream_;
  const std::vector<std::string> peer_names_;

  httplib::Request* current_ = nullptr;  // while process_request runs
  std::variant<RequestHead, HeadRefusal> head_;
  bool head_read_ = false;
  bool closing_ = false;
  bool unread_input_ = false;
};

}  // namespace

void serve_connection(Connection& connection, const SessionShared& shared) {
  try {
    Session(connection, shared).run();
  } catch (const std::exception& error) {
    shared.counters.handler_failures.fetch_add(1, std::memory_order_relaxed);
    log_error("http", "a connection failed", {{"server", shared.options.name}, {"error", error.what()}});
  }
}

}  // namespace headroom::runtime
