// The head of a reply as text. Private to this folder.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/http_message.h"

namespace headroom::runtime {

// What becomes of the connection after the reply. HTTP/1.0 closes unless it is told otherwise.
enum class ReplyFate { kept_alive, kept_alive_1_0, closes };

// Status line, the response's headers and Connection. A header that holds a line end or NUL is left out: it could begin
// a header, or a reply, of its own.
void append_reply_head(std::string& out, const HttpResponse& response, ReplyFate fate);

// Content-Length and the empty line behind all headers.
void append_body_length(std::string& out, std::size_t bytes);

// One piece of a chunked body. REQUIRES: not empty, for an empty chunk ends the body.
[[nodiscard]] std::string chunk_of(std::string_view piece);

}  // namespace headroom::runtime
