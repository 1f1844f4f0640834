// A server that answers with prepared bytes, right or wrong. Each connection has a list of replies: after reading one
// request the next is sent; after the last the connection closes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace headroom::runtime::test {

class ScriptedPeer {
 public:
  inline static const std::string kHang = "\x01hang";  // say nothing until the test ends
  inline static const std::string kDrip =
      "\x01"
      "drip";  // a header that never ends, a byte every few milliseconds

  explicit ScriptedPeer(std::vector<std::vector<std::string>> connections);
  ~ScriptedPeer();
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Everything received so far.
  [[nodiscard]] std::string received() const;
  // Until `count` connections have been closed by this side.
  void await_closed(int count) const;

 private:
  struct State;
  void serve(const std::vector<std::vector<std::string>>& connections) const;

  std::shared_ptr<State> state_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace headroom::runtime::test
