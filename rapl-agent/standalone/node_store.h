// This node's labels and annotations at the API server.
#pragma once

#include <string>

#include "base/result.h"
#include "kube/api_client.h"
#include "rapl-agent/standalone/node_marks.h"

namespace headroom::rapl_agent::standalone {

// Writes by merge patch; where that is denied, as it is by powercap's own role, by reading the node and updating it
// whole, once more after each conflict. One thread uses it.
class NodeStore {
 public:
  // `client` outlives it.
  NodeStore(kube::ApiClient& client, std::string node) : client_(client), node_(std::move(node)) {}

  // Errors: not_found, denied, unavailable; unsupported: the answer is no Node.
  [[nodiscard]] base::Result<NodeView> read();
  // Adds and replaces; what `marks` does not name stays. Errors as above; conflict: others were faster every time.
  [[nodiscard]] base::Status write(const NodeMarks& marks);

 private:
  [[nodiscard]] base::Status patch(const NodeMarks& marks);
  [[nodiscard]] base::Status update(const NodeMarks& marks);

  kube::ApiClient& client_;
  std::string node_;
  bool may_patch_ = true;
};

}  // namespace headroom::rapl_agent::standalone
