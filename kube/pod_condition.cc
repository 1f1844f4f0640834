#include "kube/pod_condition.h"

#include <string>
#include <string_view>
#include <utility>

#include "kube/api_time.h"
#include "kube/json_writer.h"
#include "kube/resource.h"

namespace headroom::kube {
namespace {

std::string_view to_text(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::is_true: return "True";
    case ConditionStatus::is_false: return "False";
    case ConditionStatus::unknown: return "Unknown";
  }
  return "Unknown";
}

// The server has no precondition for a patch: a uid that is not the pod's is a change of an immutable field, 422.
bool names_another_pod(const base::Error& error) {
  return error.kind == base::ErrorKind::invalid_input && error.message.find("metadata.uid") != std::string::npos;
}

}  // namespace

base::Status patch_pod_condition(ApiClient& client, const PodRef& pod, const PodCondition& condition) {
  JsonObject written;
  written.text("type", condition.type)
      .text("status", to_text(condition.status))
      .text("reason", condition.reason)
      .text("message", condition.message)
      .text("lastTransitionTime", format_time(condition.last_transition));
  JsonObject status;
  status.json("conditions", "[" + written.str() + "]");
  JsonObject metadata;
  metadata.text_if_any("uid", pod.uid);
  JsonObject body;
  body.object("metadata", metadata).object("status", status);
  PatchRequest request;
  request.path = resources::pods(pod.ns).object_path(pod.name, "status");
  request.kind = PatchKind::strategic;
  request.body = body.str();
  const auto reply = client.patch(request);
  if (reply) return base::ok_status();
  base::Error error = reply.error();
  if (names_another_pod(error)) error.kind = base::ErrorKind::conflict;
  return error;
}

}  // namespace headroom::kube
