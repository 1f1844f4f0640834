// What an API server says when it does not say yes: metav1.Status, decoded, and how it maps to base::Error.
//
//   401, 403 denied; 404 not_found; 409 conflict; 410 unavailable with expired set (list again);
//   429, 5xx unavailable (with the server's Retry-After); other 4xx invalid_input.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/durations.h"
#include "base/result.h"
#include "kube/json.h"
#include "runtime/http_message.h"

namespace headroom::kube {

struct ApiStatus {
  int code = 0;  // 0: none was sent
  std::string reason;
  std::string message;
  std::vector<std::string> causes;           // "field: message" of details.causes
  std::optional<base::Seconds> retry_after;  // from the header, else from details.retryAfterSeconds
};

// Of a reply outside 2xx. A body that is no Status object becomes the message, cut at 200 bytes.
[[nodiscard]] ApiStatus status_of(const runtime::HttpResponse& reply);
// Of a Status object by itself, as a watch's ERROR event carries it.
[[nodiscard]] ApiStatus parse_status(PaddedJson json);
[[nodiscard]] base::Error to_error(const ApiStatus& status);

// The resource version or the continue token is too old: begin again with a list.
[[nodiscard]] inline bool is_expired(const ApiStatus& status) {
  return status.code == 410;
}

}  // namespace headroom::kube
