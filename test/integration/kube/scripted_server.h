// An API server that plays a script: which reply comes next, in which pieces, and how the connection ends. It knows
// nothing of Kubernetes; it only keeps lists, watches and everything else apart.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace headroom::test {

enum class After {
  keep,  // the reply is complete
  cut,   // the connection ends in the middle
  hang,  // nothing more comes, the connection stays
};

struct Step {
  int status = 200;
  std::string body;  // of a reply in one piece
  std::vector<std::pair<std::string, std::string>> headers{};
  std::vector<std::string> pieces{};  // of a streamed one, instead of the body
  bool streamed = false;
  After after = After::keep;
};

struct SeenRequest {
  std::string method;
  std::string target;                          // with query, as received
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  [[nodiscard]] bool has(const std::string& part) const { return target.find(part) != std::string::npos; }
};

[[nodiscard]] Step reply(int status, std::string body);
[[nodiscard]] Step watch(std::vector<std::string> pieces, After after = After::keep);

class ScriptedServer {
 public:
  ScriptedServer();
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // Replies in order. A list or other request without a step gets 500, a watch hangs.
  void on_list(Step step);
  void on_watch(Step step);
  void on_other(Step step);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Waits for the request of that index (0: the first); fails the test after 20 s.
  [[nodiscard]] SeenRequest request(std::size_t index);
  [[nodiscard]] std::size_t requests() const;
  [[nodiscard]] std::size_t connections() const;

 private:
  void accept_loop(const std::stop_token& stop);
  void serve(int socket, const std::stop_token& stop);
  [[nodiscard]] Step next_step(const SeenRequest& request);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Step> lists_;
  std::deque<Step> watches_;
  std::deque<Step> others_;
  std::vector<SeenRequest> seen_;
  std::vector<std::jthread> connections_;  // guarded by mutex_
  std::jthread acceptor_;
};

}  // namespace headroom::test
