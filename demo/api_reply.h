// Replies in the API server's words: objects, and metav1.Status for everything else.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "demo/api_resources.h"
#include "demo/json.h"
#include "runtime/http_message.h"

namespace headroom::demo {

[[nodiscard]] runtime::HttpResponse json_reply(int status, const Json& body);

struct Failure {
  int code = 500;
  std::string reason;  // "NotFound"
  std::string message;
  std::vector<std::pair<std::string, std::string>> causes{};  // field and message
};
[[nodiscard]] Json status_object(const Failure& failure);
[[nodiscard]] runtime::HttpResponse failure_reply(const Failure& failure);

// The common ones, with the server's own wording.
[[nodiscard]] Failure not_found(const ResourceType& type, const std::string& name);
[[nodiscard]] Failure already_exists(const ResourceType& type, const std::string& name);
[[nodiscard]] Failure changed_meanwhile(const ResourceType& type, const std::string& name);
[[nodiscard]] Failure wrong_uid(const ResourceType& type, const std::string& name,
                                const std::pair<std::string, std::string>& wanted_and_actual);
[[nodiscard]] Failure bad_request(const std::string& message);
[[nodiscard]] Failure invalid(const ResourceType& type, const std::string& name, const std::string& field_and_what);

}  // namespace headroom::demo
