#include "kube/api_status.h"

#include <charconv>

#include "kube/json_reader.h"

namespace headroom::kube {
namespace {

constexpr std::size_t kShownBody = 200;

void read_details(JsonCursor& details, ApiStatus& status) {
  details.fields([&](std::string_view key, JsonCursor& value) {
    if (key == "retryAfterSeconds") {
      status.retry_after = base::Seconds(value.integer());
    } else if (key == "causes") {
      value.items([&](JsonCursor& cause) {
        std::string field;
        std::string message;
        cause.fields([&](std::string_view part, JsonCursor& text) {
          if (part == "field") {
            field = text.text();
          } else if (part == "message") {
            message = text.text();
          }
        });
        status.causes.push_back(field.empty() ? message : field + ": " + message);
      });
    }
  });
}

std::optional<base::Seconds> retry_after_header(const runtime::Headers& headers) {
  const auto found = headers.find("Retry-After");
  if (found == headers.end()) return std::nullopt;
  const std::string& text = found->second;
  int seconds = 0;
  // The API server sends seconds; the date form of RFC 9110 is left to the caller's back-off.
  if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc() || seconds < 0) {
    return std::nullopt;
  }
  return base::Seconds(seconds);
}

base::ErrorKind kind_of(int code) {
  switch (code) {
    case 401:
    case 403: return base::ErrorKind::denied;
    case 404: return base::ErrorKind::not_found;
    case 405:
    case 406:
    case 415: return base::ErrorKind::unsupported;
    case 409: return base::ErrorKind::conflict;
    case 408:
    case 410:
    case 429: return base::ErrorKind::unavailable;
    default: break;
  }
  if (code >= 500 || code == 0) return base::ErrorKind::unavailable;
  return code >= 400 ? base::ErrorKind::invalid_input : base::ErrorKind::unsupported;
}

}  // namespace

ApiStatus parse_status(PaddedJson json) {
  ApiStatus status;
  const auto read = read_json_object(json, [&](std::string_view key, JsonCursor& value) {
    if (key == "code") {
      status.code = static_cast<int>(value.integer());
    } else if (key == "reason") {
      status.reason = value.text();
    } else if (key == "message") {
      status.message = value.text();
    } else if (key == "details") {
      read_details(value, status);
    }
  });
  if (!read) status.message = std::string(json.text().substr(0, kShownBody));
  return status;
}

ApiStatus status_of(const runtime::HttpResponse& reply) {
  std::string body = reply.body;
  ApiStatus status = parse_status(PaddedJson::of(body));
  // The line of the reply is what a proxy in between could not falsify by a body of its own.
  status.code = reply.status;
  if (status.message.empty()) status.message = reply.body.substr(0, kShownBody);
  if (const auto header = retry_after_header(reply.headers)) status.retry_after = header;
  return status;
}

base::Error to_error(const ApiStatus& status) {
  std::string text = std::to_string(status.code);
  if (!status.reason.empty()) text += " " + status.reason;
  if (!status.message.empty()) text += ": " + status.message;
  for (const std::string& cause : status.causes) {
    if (status.message.find(cause) == std::string::npos) text += "; " + cause;
  }
  return {kind_of(status.code), std::move(text)};
}

}  // namespace headroom::kube
