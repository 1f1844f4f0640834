// The target of a request line: path and query, decoded. Private to this folder.
#pragma once

#include <string>
#include <string_view>

#include "runtime/http_framing.h"
#include "runtime/http_message.h"

namespace headroom::runtime {

struct RequestTarget {
  std::string path;
  QueryParameters query;
};

// "/a%20b?c=d+e#f": path "/a b", query c = "d e"; what follows # is dropped. A percent sign that begins no code stands
// for itself. Total: every text gives a target.
[[nodiscard]] RequestTarget read_target(std::string_view target);

// "Connection: close", or HTTP/1.0 without keep-alive.
[[nodiscard]] bool asks_for_close(const RequestHead& head);

}  // namespace headroom::runtime
