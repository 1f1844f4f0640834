// Binding a pod to a node, with the pod's UID as a precondition and annotations written in the same etcd write.
#pragma once

#include <optional>
#include <string>

#include "base/durations.h"
#include "kube/api_client.h"
#include "model/labels.h"

namespace headroom::kube {

struct BindRequest {
  std::string ns;
  std::string name;
  std::string uid;
  std::string node;
  model::Labels annotations;
};

enum class BindOutcome {
  bound,             // 201: accepted
  already_assigned,  // 409: it is bound already, to `assigned_node` (perhaps by an earlier try of ours)
  uid_mismatch,      // 409: another pod has taken the name; ours is gone
  gone,              // 404
  refused,           // a definite no to this request that a repetition would not change: 400, 403, 422, a deleting or
                     // gated pod. Says nothing about an earlier try whose outcome is unknown.
  unknown,           // no reply, a 5xx, a 409 of another kind: repeat the same request until one of the above
};

struct BindReply {
  BindOutcome outcome = BindOutcome::unknown;
  std::string assigned_node;  // with already_assigned
  std::string message;        // the server's words, or the transport's
  std::optional<base::Seconds> retry_after;
};

// One POST; waits no longer than the client's call_timeout. Thread-safe.
[[nodiscard]] BindReply bind_pod(ApiClient& client, const BindRequest& request);

}  // namespace headroom::kube
