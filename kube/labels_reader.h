// Maps of strings and selector requirements, as nodes, pods and slices carry them.
#pragma once

#include <string_view>
#include <vector>

#include "kube/json_reader.h"
#include "model/labels.h"

namespace headroom::kube {

// A null value is the empty string, as in Kubernetes. `prefix`: only keys that begin with it.
[[nodiscard]] model::Labels read_labels(JsonCursor& cursor, std::string_view prefix = {});
// NodeSelectorTerm.matchExpressions and matchFields.
[[nodiscard]] std::vector<model::SelectorRequirement> read_requirements(JsonCursor& cursor);

}  // namespace headroom::kube
