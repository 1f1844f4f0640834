#include "runtime/connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace headroom::runtime {
namespace {

constexpr std::size_t kInputBuffer = 16 << 10;
constexpr std::size_t kOutputBuffer = 64 << 10;
constexpr base::Milliseconds kGoodbye{500};
constexpr std::size_t kGoodbyeBytes = 4 << 20;

bool is_ip(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

bool expect_name(SSL* tls, const std::string& name) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(tls);
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (is_ip(name)) return X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(tls, name.c_str()) == 1;
}

}  // namespace

void Connection::FreeTls::operator()(ssl_st* tls) const {
  SSL_free(tls);
}

Connection::Connection(UniqueFd socket, int cancel_fd)
    : socket_(std::move(socket)), cancel_fd_(cancel_fd), deadline_(base::MonoTime::max()), input_(kInputBuffer) {}

Connection::~Connection() {
  if (tls_ && end_ != ConnectionEnd::failed && SSL_is_init_finished(tls_.get()) != 0) SSL_shutdown(tls_.get());
  ERR_clear_error();
}

base::Status Connection::handshake(int (*step)(ssl_st*), base::MonoTime deadline) {
  for (;;) {
    ERR_clear_error();
    const int result = step(tls_.get());
    if (result == 1) return base::ok_status();
    const int why = SSL_get_error(tls_.get(), result);
    if (why == SSL_ERROR_WANT_READ && wait(SocketEvent::readable, deadline)) continue;
    if (why == SSL_ERROR_WANT_WRITE && wait(SocketEvent::writable, deadline)) continue;
    if (end_ == ConnectionEnd::timed_out) return base::unavailable("TLS handshake timed out");
    if (end_ == ConnectionEnd::cancelled) return base::unavailable("cancelled");
    end_ = ConnectionEnd::failed;
    if (const long verdict = SSL_get_verify_result(tls_.get()); verdict != X509_V_OK) {
      ERR_clear_error();
      return base::denied(std::string("certificate: ") + X509_verify_cert_error_string(verdict));
    }
    return base::unavailable("TLS handshake: " + (ERR_peek_error() == 0 ? "connection closed" : take_tls_error()));
  }
}

base::Status Connection::accept_tls(const TlsContext& context, base::MonoTime deadline) {
  context_ = context;
  tls_.reset(SSL_new(context.get()));
  if (!tls_ || SSL_set_fd(tls_.get(), socket_.get()) != 1) return base::internal_error(take_tls_error());
  return handshake(SSL_accept, deadline);
}

base::Status Connection::connect_tls(const TlsContext& context, const std::string& server_name,
                                     base::MonoTime deadline) {
  context_ = context;
  tls_.reset(SSL_new(context.get()));
  if (!tls_ || SSL_set_fd(tls_.get(), socket_.get()) != 1) return base::internal_error(take_tls_error());
  if (!server_name.empty() && !expect_name(tls_.get(), server_name)) {
    return base::invalid_input("server name \"" + server_name + "\": " + take_tls_error());
  }
  return handshake(SSL_connect, deadline);
}

void Connection::read_until(base::MonoTime deadline, base::Milliseconds silence) {
  deadline_ = deadline;
  silence_ = silence;
}

void Connection::start_head(std::size_t limit) {
  in_head_ = true;
  head_limit_ = limit;
  head_.clear();
}

std::string Connection::take_head() {
  in_head_ = false;
  return std::exchange(head_, {});
}

std::ptrdiff_t Connection::fail(ConnectionEnd why) {
  end_ = why;
  return -1;
}

bool Connection::wait(SocketEvent event, base::MonoTime deadline) {
  switch (wait_for_socket({socket_.get(), cancel_fd_, event, deadline})) {
    case SocketWait::ready: return true;
    case SocketWait::timed_out: end_ = ConnectionEnd::timed_out; return false;
    case SocketWait::cancelled: end_ = ConnectionEnd::cancelled; return false;
  }
  return false;
}

bool Connection::buffered() const {
  return input_begin_ < input_end_ || (tls_ && SSL_pending(tls_.get()) > 0);
}

bool Connection::wait_readable(base::Milliseconds patience) {
  if (buffered()) return true;
  return flush() && wait(SocketEvent::readable, SystemClock().mono_now() + patience);
}

std::ptrdiff_t Connection::receive_plain(char* data, std::size_t size, base::MonoTime deadline) {
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), data, size, 0);
    if (got > 0) return got;
    if (got == 0) {
      end_ = ConnectionEnd::closed;
      return 0;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return fail(ConnectionEnd::failed);
    if (!wait(SocketEvent::readable, deadline)) return -1;
  }
}

std::ptrdiff_t Connection::receive_tls(char* data, std::size_t size, base::MonoTime deadline) {
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(tls_.get(), data, static_cast<int>(std::min<std::size_t>(size, 1 << 30)));
    if (got > 0) return got;
    const int why = SSL_get_error(tls_.get(), got);
    if (why == SSL_ERROR_ZERO_RETURN) {
      end_ = ConnectionEnd::closed;
      return 0;
    }
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      if (!wait(why == SSL_ERROR_WANT_READ ? SocketEvent::readable : SocketEvent::writable, deadline)) return -1;
      continue;
    }
    // Without a good-bye the stream may have been cut by somebody else: not a clean end.
    if (ERR_peek_error() != 0) tls_error_ = take_tls_error();
    return fail(ConnectionEnd::failed);
  }
}

std::ptrdiff_t Connection::receive(char* data, std::size_t size) {
  if (!flush()) return -1;
  const base::MonoTime now = SystemClock().mono_now();
  if (now >= deadline_) return fail(ConnectionEnd::timed_out);
  const base::MonoTime until = std::min(deadline_, now + silence_);
  const auto got = tls_ ? receive_tls(data, size, until) : receive_plain(data, size, until);
  if (got > 0) bytes_read_ += static_cast<std::uint64_t>(got);
  return got;
}

std::ptrdiff_t Connection::read(char* data, std::size_t size) {
  if (in_head_) {
    if (head_.size() >= head_limit_) return fail(ConnectionEnd::input_limit);
    size = std::min(size, head_limit_ - head_.size());
  }
  if (input_begin_ == input_end_) {
    if (size >= input_.size() && !in_head_) return receive(data, size);
    const auto got = receive(input_.data(), input_.size());
    if (got <= 0) return got;
    input_begin_ = 0;
    input_end_ = static_cast<std::size_t>(got);
  }
  const std::size_t count = std::min(size, input_end_ - input_begin_);
  std::memcpy(data, input_.data() + input_begin_, count);
  input_begin_ += count;
  if (in_head_) head_.append(data, count);
  return static_cast<std::ptrdiff_t>(count);
}

// More of a head, behind what is there of it. False: end() tells why.
bool Connection::receive_behind_input(std::size_t limit) {
  const std::size_t have = input_end_ - input_begin_;
  if (have >= limit) {
    end_ = ConnectionEnd::input_limit;
    return false;
  }
  if (input_begin_ > 0) {
    std::memmove(input_.data(), input_.data() + input_begin_, have);
    input_begin_ = 0;
    input_end_ = have;
  }
  if (have == input_.size()) input_.resize(std::min(2 * have, limit));
  const auto got = receive(input_.data() + have, input_.size() - have);
  if (got <= 0) return false;
  input_end_ += static_cast<std::size_t>(got);
  return true;
}

std::optional<std::string_view> Connection::read_head(std::size_t limit) {
  std::size_t line = 0;  // where it begins, from input_begin_
  std::size_t seen = 0;
  for (;;) {
    const std::string_view text(input_.data() + input_begin_, std::min(input_end_ - input_begin_, limit));
    const std::size_t end = text.find('\n', seen);
    if (end == text.npos) {
      seen = text.size();
      if (!receive_behind_input(limit)) return std::nullopt;
      continue;
    }
    const bool proper = end > line && text[end - 1] == '\r';
    if (!proper || end == line + 1) {
      input_begin_ += end + 1;
      return text.substr(0, end + 1);
    }
    line = seen = end + 1;
  }
}

std::ptrdiff_t Connection::send_some(std::string_view data, base::MonoTime deadline) {
  for (;;) {
    SocketEvent blocked_by = SocketEvent::writable;
    if (tls_) {
      ERR_clear_error();
      const int sent =
          SSL_write(tls_.get(), data.data(), static_cast<int>(std::min<std::size_t>(data.size(), 1 << 30)));
      if (sent > 0) return sent;
      const int why = SSL_get_error(tls_.get(), sent);
      if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return fail(ConnectionEnd::failed);
      if (why == SSL_ERROR_WANT_READ) blocked_by = SocketEvent::readable;
    } else {
      const ssize_t sent = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
      if (sent > 0) return sent;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return fail(ConnectionEnd::failed);
    }
    if (!wait(blocked_by, deadline)) return -1;
  }
}

bool Connection::write(std::string_view data) {
  output_ += data;
  return output_.size() < kOutputBuffer || flush();
}

bool Connection::flush() {
  if (output_.empty()) return true;
  const base::MonoTime deadline = SystemClock().mono_now() + write_patience_;
  std::string_view rest = output_;
  while (!rest.empty()) {
    const auto sent = send_some(rest, deadline);
    if (sent < 0) break;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  const bool all = rest.empty();
  // A large reply must not keep its memory for as long as the connection lives.
  if (output_.capacity() > 4 * kOutputBuffer) {
    output_ = std::string();
  } else {
    output_.clear();
  }
  return all;
}

bool Connection::peer_gone() const {
  if (input_begin_ < input_end_) return false;
  char byte = 0;
  const ssize_t got = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

bool Connection::quiet() const {
  if (buffered()) return false;
  pollfd fd{socket_.get(), POLLIN, 0};
  return ::poll(&fd, 1, 0) == 0;
}

void Connection::close_gently() {
  if (!flush()) return;
  if (tls_ && end_ != ConnectionEnd::failed) SSL_shutdown(tls_.get());
  ERR_clear_error();
  ::shutdown(socket_.get(), SHUT_WR);
  const base::MonoTime until = SystemClock().mono_now() + kGoodbye;
  std::vector<char> rubbish(kInputBuffer);
  std::size_t total = 0;
  while (total < kGoodbyeBytes) {
    const auto got = receive_plain(rubbish.data(), rubbish.size(), until);
    if (got <= 0 || SystemClock().mono_now() >= until) return;
    total += static_cast<std::size_t>(got);
  }
}

std::vector<std::string> Connection::peer_names() const {
  return tls_ ? peer_san_names(tls_.get()) : std::vector<std::string>{};
}

}  // namespace headroom::runtime
