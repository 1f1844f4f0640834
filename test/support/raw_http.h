// A TCP client that sends exactly the bytes it is told, for requests that no HTTP library would send.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace headroom::test {

struct RawReply {
  int status = 0;  // 0: no reply
  std::string head;
  std::string body;  // as far as Content-Length goes
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);  // 127.0.0.1; throws where nobody listens
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False: the peer has reset the connection.
  bool send(std::string_view bytes) const;
  // Reads one reply with Content-Length, or what comes until the end. Status 0 after `patience` or at the end.
  RawReply receive(std::chrono::milliseconds patience = std::chrono::seconds(10));
  // The peer ends the connection within `patience`. What it still sends is dropped.
  bool closed_within(std::chrono::milliseconds patience);
  [[nodiscard]] int socket() const { return socket_; }
  void finish_sending() const;

 private:
  bool fill(std::chrono::steady_clock::time_point deadline);

  int socket_ = -1;
  std::string pending_;
};

}  // namespace headroom::test
