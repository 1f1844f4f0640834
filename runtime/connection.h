// One TCP connection, plain or TLS, with deadlines for whole operations instead of time-outs per read.
//
// Writes are collected and sent together: when they fill a buffer, on flush(), and before a read would block. Used by
// one thread; another may only shut the socket down or make cancel_fd readable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "runtime/socket_wait.h"
#include "runtime/tls_context.h"
#include "runtime/unique_fd.h"

namespace headroom::runtime {

// Why the last read or write gave nothing.
enum class ConnectionEnd { none, closed, timed_out, cancelled, input_limit, failed };

class Connection {
 public:
  explicit Connection(UniqueFd socket, int cancel_fd = -1);
  ~Connection();  // closes; over TLS says good-bye first, if that can be done at once
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Handshakes. `server_name` is what the certificate must be valid for; empty: not checked (insecure by
  // configuration). Errors: denied where a certificate does not verify, else unavailable.
  [[nodiscard]] base::Status accept_tls(const TlsContext& context, base::MonoTime deadline);
  [[nodiscard]] base::Status connect_tls(const TlsContext& context, const std::string& server_name,
                                         base::MonoTime deadline);

  // For the reads that follow: all must end by `deadline`, and no single one waits longer than `silence`.
  void read_until(base::MonoTime deadline, base::Milliseconds silence = kNoLimit);
  void write_within(base::Milliseconds per_flush) { write_patience_ = per_flush; }

  // Counts and keeps what is read from now on: reading past `limit` bytes fails with input_limit.
  void start_head(std::size_t limit);
  // Ends that and gives the bytes read since start_head().
  [[nodiscard]] std::string take_head();

  // A whole request's head, where it stands in the connection's own memory: a view until the next read. It ends with
  // the empty line, or with the first line that does not end with CRLF, which nobody accepts anyway. Nothing: it did
  // not end within `limit` bytes, or end() tells why.
  [[nodiscard]] std::optional<std::string_view> read_head(std::size_t limit);

  // Something can be read (data, or the end) within `patience`; sends what is written first.
  [[nodiscard]] bool wait_readable(base::Milliseconds patience);
  // At least one byte, at most `size`; 0 at the end of the stream, -1 on failure: end() tells why.
  [[nodiscard]] std::ptrdiff_t read(char* data, std::size_t size);
  [[nodiscard]] bool write(std::string_view data);
  [[nodiscard]] bool flush();
  void discard_output() { output_.clear(); }

  // The peer has closed or reset; does not wait.
  [[nodiscard]] bool peer_gone() const;
  // Idle and usable for another request: nothing to read, not closed.
  [[nodiscard]] bool quiet() const;
  // Ends our sending side and throws away what the peer still sends, for a short while, so that it gets to read our
  // last words instead of a reset.
  void close_gently();

  [[nodiscard]] ConnectionEnd end() const { return end_; }
  // After ConnectionEnd::failed over TLS, what OpenSSL said.
  [[nodiscard]] const std::string& tls_error() const { return tls_error_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] std::vector<std::string> peer_names() const;

  static constexpr base::Milliseconds kNoLimit{std::chrono::hours(24)};

 private:
  struct FreeTls {
    void operator()(ssl_st* tls) const;
  };
  [[nodiscard]] bool wait(SocketEvent event, base::MonoTime deadline);
  [[nodiscard]] std::ptrdiff_t receive(char* data, std::size_t size);
  [[nodiscard]] bool receive_behind_input(std::size_t limit);
  [[nodiscard]] std::ptrdiff_t receive_plain(char* data, std::size_t size, base::MonoTime deadline);
  [[nodiscard]] std::ptrdiff_t receive_tls(char* data, std::size_t size, base::MonoTime deadline);
  [[nodiscard]] std::ptrdiff_t send_some(std::string_view data, base::MonoTime deadline);
  [[nodiscard]] base::Status handshake(int (*step)(ssl_st*), base::MonoTime deadline);
  [[nodiscard]] bool buffered() const;
  [[nodiscard]] std::ptrdiff_t fail(ConnectionEnd why);

  UniqueFd socket_;
  int cancel_fd_;
  TlsContext context_;
  std::unique_ptr<ssl_st, FreeTls> tls_;

  base::MonoTime deadline_;
  base::Milliseconds silence_ = kNoLimit;
  base::Milliseconds write_patience_{10'000};
  ConnectionEnd end_ = ConnectionEnd::none;
  std::string tls_error_;

  std::vector<char> input_;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::string output_;
  std::uint64_t bytes_read_ = 0;

  bool in_head_ = false;
  std::size_t head_limit_ = 0;
  std::string head_;
};

}  // namespace headroom::runtime
