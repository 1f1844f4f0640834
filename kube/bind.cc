#include "kube/bind.h"

#include <string_view>
#include <utility>

#include "kube/api_status.h"
#include "kube/json_writer.h"
#include "kube/resource.h"

namespace headroom::kube {
namespace {

std::string binding_body(const BindRequest& request) {
  JsonObject metadata;
  metadata.text("name", request.name).text("namespace", request.ns).text_if_any("uid", request.uid);
  if (!request.annotations.empty()) metadata.strings("annotations", request.annotations);
  JsonObject target;
  target.text("apiVersion", "v1").text("kind", "Node").text("name", request.node);
  JsonObject binding;
  binding.text("apiVersion", "v1").text("kind", "Binding").object("metadata", metadata).object("target", target);
  return binding.str();
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// `pod p is already assigned to node "n"`: the node; empty where the words are others.
std::string node_in(std::string_view message) {
  static constexpr std::string_view kWords = "already assigned to node \"";
  const auto at = message.find(kWords);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = message.substr(at + kWords.size());
  return std::string(rest.substr(0, rest.find('"')));
}

// The API server gives every refusal to assign a pod the same code and reason; only the words differ
// (pkg/registry/core/pod/storage/storage.go, assignPod).
BindOutcome conflict_outcome(std::string_view message) {
  if (contains(message, "already assigned")) return BindOutcome::already_assigned;
  if (contains(message, "UID in precondition")) return BindOutcome::uid_mismatch;
  if (contains(message, "is being deleted") || contains(message, "schedulingGates")) return BindOutcome::refused;
  return BindOutcome::unknown;
}

BindOutcome outcome_of(const ApiStatus& status) {
  switch (status.code) {
    case 404: return BindOutcome::gone;
    case 409: return conflict_outcome(status.message);
    case 408:
    case 429: return BindOutcome::unknown;
    default: break;
  }
  return status.code >= 400 && status.code < 500 ? BindOutcome::refused : BindOutcome::unknown;
}

}  // namespace

BindReply bind_pod(ApiClient& client, const BindRequest& request) {
  runtime::HttpRequest http;
  http.method = "POST";
  http.path = resources::pods(request.ns).object_path(request.name, "binding");
  http.headers.emplace("Content-Type", "application/json");
  http.body = binding_body(request);
  const auto reply = client.send(http);
  if (!reply) return {BindOutcome::unknown, "", reply.error().message, std::nullopt};
  if (reply->status == 200 || reply->status == 201) return {BindOutcome::bound, "", "", std::nullopt};
  const ApiStatus status = status_of(*reply);
  return {outcome_of(status), node_in(status.message), to_error(status).message, status.retry_after};
}

}  // namespace headroom::kube
