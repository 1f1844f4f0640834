// Where one request ends and the next begins: the strict reading of a request's head, made from its raw bytes.
//
// Two readers of one connection that disagree here can be tricked into taking a body for a request (request
// smuggling), so that everything ambiguous is refused: RFC 9112 sections 2.2, 5 and 6.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/http_message.h"

namespace headroom::runtime {

enum class BodyFraming { none, length, chunked };

struct RequestHead {
  std::string method;  // one of those that HTTP defines
  std::string target;  // as sent
  bool is_1_0 = false;
  Headers headers;  // as sent, values trimmed
  BodyFraming framing = BodyFraming::none;
  std::uint64_t content_length = 0;
};

// What to answer instead; the connection closes after it.
struct HeadRefusal {
  int status = 400;
  std::string reason;
};

// `raw`: request line, header lines and the empty line, as received. Pure.
[[nodiscard]] std::variant<RequestHead, HeadRefusal> check_request_head(std::string_view raw, std::size_t body_limit);

}  // namespace headroom::runtime
