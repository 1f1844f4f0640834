#include "runtime/http_body.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace headroom::runtime {
namespace {

constexpr std::size_t kStep = 256 << 10;        // grown and filled while in the cache
constexpr std::size_t kMaxChunkLine = 1'024;    // size and extensions of one chunk
constexpr std::size_t kMaxTrailers = 16 << 10;  // ignored, but not for ever

bool append_exactly(Connection& connection, std::uint64_t count, std::string& body) {
  while (count > 0) {
    const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(count, kStep));
    const std::size_t before = body.size();
    body.resize(before + step);
    const auto got = connection.read(body.data() + before, step);
    body.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got <= 0) return false;
    count -= static_cast<std::uint64_t>(got);
  }
  return true;
}

// A line without its CRLF. Nothing: cut, too long or not ended by CRLF; `connection.end()` tells a cut.
std::optional<std::string> read_line(Connection& connection, std::size_t limit) {
  std::string line;
  char c = 0;
  while (line.size() < limit) {
    if (connection.read(&c, 1) != 1) return std::nullopt;
    if (c == '\n') {
      if (line.empty() || line.back() != '\r') return std::nullopt;
      line.pop_back();
      return line;
    }
    line += c;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> chunk_size(std::string_view line) {
  line = line.substr(0, line.find(';'));
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  std::uint64_t size = 0;
  if (line.empty() || line.size() > 15) return std::nullopt;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (parsed.ec != std::errc() || parsed.ptr != line.data() + line.size()) return std::nullopt;
  return size;
}

BodyOutcome malformed_or_cut(const Connection& connection) {
  return connection.end() == ConnectionEnd::none ? BodyOutcome::malformed : BodyOutcome::cut;
}

BodyOutcome skip_trailers(Connection& connection) {
  for (std::size_t total = 0; total < kMaxTrailers;) {
    const auto line = read_line(connection, kMaxTrailers);
    if (!line) return malformed_or_cut(connection);
    if (line->empty()) return BodyOutcome::complete;
    total += line->size();
  }
  return BodyOutcome::malformed;
}

BodyOutcome receive_chunks(Connection& connection, std::size_t limit, std::string& body) {
  for (;;) {
    const auto line = read_line(connection, kMaxChunkLine);
    if (!line) return malformed_or_cut(connection);
    const auto size = chunk_size(*line);
    if (!size) return BodyOutcome::malformed;
    if (*size == 0) return skip_trailers(connection);
    if (*size > limit - body.size()) return BodyOutcome::too_large;
    if (!append_exactly(connection, *size, body)) return BodyOutcome::cut;
    const auto end = read_line(connection, 2);
    if (!end || !end->empty()) return malformed_or_cut(connection);
  }
}

}  // namespace

ReceivedBody receive_body(Connection& connection, const RequestHead& head, std::size_t limit) {
  ReceivedBody body;
  if (head.framing == BodyFraming::chunked) {
    body.outcome = receive_chunks(connection, limit, body.bytes);
  } else if (head.framing == BodyFraming::length) {
    // The budget was checked when the head was; pages that are never filled cost nothing.
    body.bytes.reserve(static_cast<std::size_t>(head.content_length) + kBodyPadding);
    if (!append_exactly(connection, head.content_length, body.bytes)) body.outcome = BodyOutcome::cut;
  }
  body.bytes.reserve(body.bytes.size() + kBodyPadding);
  return body;
}

}  // namespace headroom::runtime
