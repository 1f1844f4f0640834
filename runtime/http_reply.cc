#include "runtime/http_reply.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace headroom::runtime {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Payload Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "";  // may be empty: clients go by the number
  }
}

bool one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  if (!one_line(name) || !one_line(value)) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, base);
  out.append(text.data(), end.ptr);
}

}  // namespace

void append_reply_head(std::string& out, const HttpResponse& response, ReplyFate fate) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(response.status), 10);
  out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  append_header(out, "Content-Type", response.content_type);
  if (fate == ReplyFate::closes) append_header(out, "Connection", "close");
  if (fate == ReplyFate::kept_alive_1_0) append_header(out, "Connection", "keep-alive");
}

void append_body_length(std::string& out, std::size_t bytes) {
  out += "Content-Length: ";
  append_number(out, bytes, 10);
  out += "\r\n\r\n";
}

std::string chunk_of(std::string_view piece) {
  std::string chunk;
  chunk.reserve(piece.size() + 24);
  append_number(chunk, piece.size(), 16);
  return std::move(chunk.append("\r\n").append(piece).append("\r\n"));
}

}  // namespace headroom::runtime
