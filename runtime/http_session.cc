#include "runtime/http_session.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "runtime/http_body.h"
#include "runtime/http_framing.h"
#include "runtime/http_reply.h"
#include "runtime/http_target.h"
#include "runtime/logging.h"
#include "runtime/system_clock.h"
#include "runtime/tcp_socket.h"

namespace headroom::runtime {
namespace {

constexpr std::string_view kTextPlain = "text/plain; charset=utf-8";

class Session {
 public:
  Session(Connection& connection, const SessionShared& shared)
      : connection_(connection),
        shared_(shared),
        peer_address_(peer_address(connection.socket())),
        peer_names_(connection.peer_names()) {}

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
    asked_ = {};
    const auto raw = connection_.read_head(shared_.options.head_limit);
    if (!raw) return refuse_cut_head();
    shared_.counters.requests.fetch_add(1, std::memory_order_relaxed);
    auto head = check_request_head(*raw, shared_.options.body_limit);
    if (const auto* refusal = std::get_if<HeadRefusal>(&head)) {
      refuse(refusal->status, refusal->reason);
    } else {
      receive_and_route(std::get<RequestHead>(head));
    }
    return connection_.flush();
  }

  // The head did not arrive whole. Whoever has left gets no answer.
  bool refuse_cut_head() {
    if (connection_.end() == ConnectionEnd::timed_out) {
      refuse(408, "the request did not arrive");
    } else if (connection_.end() == ConnectionEnd::input_limit) {
      refuse(431, "the head is too large");
    }
    return false;
  }

  void refuse(int status, std::string_view reason) {
    shared_.counters.refused.fetch_add(1, std::memory_order_relaxed);
    unread_input_ = true;
    closing_ = true;
    put(plain(status, reason));
  }

  void receive_and_route(RequestHead& head) {
    asked_ = {.close = asks_for_close(head), .is_1_0 = head.is_1_0, .head_only = head.method == "HEAD"};
    const auto expects = head.headers.find("Expect");
    if (expects != head.headers.end() && expects->second == "100-continue") {
      if (!connection_.write("HTTP/1.1 100 Continue\r\n\r\n")) closing_ = true;
    }
    ReceivedBody body = receive_body(connection_, head, shared_.options.body_limit);
    switch (body.outcome) {
      case BodyOutcome::complete: break;
      case BodyOutcome::too_large: refuse(413, "body is too large"); return;
      case BodyOutcome::malformed: refuse(400, "malformed chunked body"); return;
      case BodyOutcome::cut: refuse(408, "the body did not arrive"); return;
    }
    connection_.read_until(base::MonoTime::max());
    HttpRequest request;
    request.method = std::move(head.method);
    RequestTarget target = read_target(head.target);
    request.path = std::move(target.path);
    request.query = std::move(target.query);
    request.headers = std::move(head.headers);
    request.body = std::move(body.bytes);
    request.remote_address = peer_address_;
    request.client_san_names = peer_names_;
    route(request);
  }

  void route(const HttpRequest& request) {
    if (!client_allowed()) {
      put(plain(403, "this client certificate is not allowed"));
      return;
    }
    const Router::Match match = shared_.router.find(request.method, request.path);
    if (match.handler == nullptr) {
      HttpResponse refused = plain(match.status, match.status == 405 ? "method not allowed" : "not found");
      if (!match.allowed.empty()) refused.headers.emplace("Allow", match.allowed);
      put(refused);
      return;
    }
    try {
      if (match.streams != nullptr) {
        if (const auto stream = (*match.streams)(request)) {
          put_stream(*stream);
          return;
        }
      }
      put((*match.handler)(request));
    } catch (...) {
      handler_failed(request.path);
      put(plain(500, "internal error"));
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

  // What the reply's head says about the connection, and so it happens.
  ReplyFate fate() {
    if (stopping() || asked_.close) closing_ = true;
    if (closing_) return ReplyFate::closes;
    return asked_.is_1_0 ? ReplyFate::kept_alive_1_0 : ReplyFate::kept_alive;
  }

  void put(const HttpResponse& response) {
    head_text_.clear();
    append_reply_head(head_text_, response, fate());
    append_body_length(head_text_, response.body.size());
    if (!connection_.write(head_text_) || (!asked_.head_only && !connection_.write(response.body))) closing_ = true;
  }

  void put_stream(const HttpStream& stream) {
    head_text_.clear();
    append_reply_head(head_text_, stream.head, fate());
    head_text_ += "Transfer-Encoding: chunked\r\n\r\n";
    bool gone = !connection_.write(head_text_);
    run_stream(stream.body, [&](std::string_view piece) {
      gone = gone || connection_.peer_gone();
      if (gone || stopping()) return false;
      // An empty chunk would end the stream; an empty piece only asks whether anybody listens.
      gone = (!piece.empty() && !connection_.write(chunk_of(piece))) || !connection_.flush();
      return !gone;
    });
    if (gone || !connection_.write("0\r\n\r\n")) closing_ = true;
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
  const std::vector<std::string> peer_names_;

  // Of the request that is being answered.
  struct Asked {
    bool close = false;
    bool is_1_0 = false;
    bool head_only = false;
  };
  Asked asked_;

  std::string head_text_;  // kept for its memory
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
