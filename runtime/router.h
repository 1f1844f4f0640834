// Which handler answers a path. Filled before the server starts, read-only afterwards.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/http_server.h"

namespace headroom::runtime {

class Router {
 public:
  void add(std::string_view method, std::string_view path, HttpHandler handler);
  void add_prefix(std::string_view prefix, HttpHandler handler, HttpStreamHandler streams);

  struct Match {
    const HttpHandler* handler = nullptr;        // null: answer `status`
    const HttpStreamHandler* streams = nullptr;  // null: never streams
    int status = 404;
    std::string allowed;  // with 405, for the Allow header
  };
  // HEAD is answered by the handler of GET. The longest prefix wins.
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

 private:
  struct Prefix {
    std::string prefix;
    HttpHandler handler;
    HttpStreamHandler streams;
  };
  using Methods = std::map<std::string, HttpHandler, std::less<>>;
  std::map<std::string, Methods, std::less<>> exact_;
  std::vector<Prefix> prefixes_;  // longest first
};

}  // namespace headroom::runtime
