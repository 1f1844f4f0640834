#include "demo/api_reply.h"

#include <nlohmann/json.hpp>

namespace headroom::demo {
namespace {

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

}  // namespace

runtime::HttpResponse json_reply(int status, const Json& body) {
  runtime::HttpResponse reply;
  reply.status = status;
  reply.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return reply;
}

Json status_object(const Failure& failure) {
  Json status = {{"kind", "Status"},    {"apiVersion", "v1"},         {"metadata", Json::object()},
                 {"status", "Failure"}, {"message", failure.message}, {"reason", failure.reason},
                 {"code", failure.code}};
  for (const auto& [field, message] : failure.causes) {
    status["details"]["causes"].push_back({{"reason", "FieldManagerConflict"}, {"message", message}, {"field", field}});
  }
  return status;
}

runtime::HttpResponse failure_reply(const Failure& failure) {
  return json_reply(failure.code, status_object(failure));
}

Failure not_found(const ResourceType& type, const std::string& name) {
  return {404, "NotFound", type.id() + " " + quoted(name) + " not found"};
}

Failure already_exists(const ResourceType& type, const std::string& name) {
  return {409, "AlreadyExists", type.id() + " " + quoted(name) + " already exists"};
}

Failure changed_meanwhile(const ResourceType& type, const std::string& name) {
  return {409, "Conflict",
          "Operation cannot be fulfilled on " + type.id() + " " + quoted(name) +
              ": the object has been modified; please apply your changes to the latest version and try again"};
}

Failure wrong_uid(const ResourceType& type, const std::string& name,
                  const std::pair<std::string, std::string>& wanted_and_actual) {
  return {409, "Conflict",
          "Operation cannot be fulfilled on " + type.id() + " " + quoted(name) +
              ": Precondition failed: UID in precondition: " + wanted_and_actual.first +
              ", UID in object meta: " + wanted_and_actual.second};
}

Failure bad_request(const std::string& message) {
  return {400, "BadRequest", message};
}

Failure invalid(const ResourceType& type, const std::string& name, const std::string& field_and_what) {
  return {422, "Invalid", type.kind + "." + type.group + " " + quoted(name) + " is invalid: " + field_and_what};
}

}  // namespace headroom::demo
