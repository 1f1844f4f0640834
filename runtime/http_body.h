// Reading a request's body from its connection, within a byte budget that counts what arrives, whatever was announced.
#pragma once

#include <cstddef>
#include <string>

#include "runtime/connection.h"
#include "runtime/http_framing.h"

namespace headroom::runtime {

// Spare bytes behind a body, so that simdjson parses it in place (SIMDJSON_PADDING is 64 in Debian 12 and 13).
inline constexpr std::size_t kBodyPadding = 64;

enum class BodyOutcome { complete, too_large, malformed, cut };

struct ReceivedBody {
  BodyOutcome outcome = BodyOutcome::complete;
  std::string bytes;  // when complete; capacity is at least size + kBodyPadding
};

[[nodiscard]] ReceivedBody receive_body(Connection& connection, const RequestHead& head, std::size_t limit);

}  // namespace headroom::runtime
