// What kube-scheduler sends, as values. Parsing is total: every body gives a request or an invalid_input Error that
// names the field, never a crash, whatever its size.
//
// Names and objects are views into the body, so the body must outlive the request and stay unmoved. A body with
// simdjson's padding as spare capacity (runtime::HttpRequest::body) is parsed where it stands; any other is copied
// once, and the request owns the copy.
//
// Rules, beyond Go's encoding/json on the other side:
//   - Keys are matched without case, as Go does; unknown keys are ignored.
//   - A known key given twice, both node forms, neither form, a null Pod, and a value of a wrong type are errors.
//   - null stands for an empty list or map where Go writes it for one (items, victims, candidates).
//   - Values under unknown keys, and the insides of node objects, are skipped without full validation.
#pragma once

#include <cstdint>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace headroom::extender {

// Strings the views of a request may point to besides the body. Moving it keeps the views valid.
struct TextStore {
  std::string_view body;  // what is read: the body, or its copy
  std::unique_ptr<std::string> padded_copy;
  std::forward_list<std::string> unescaped;
};

enum class NodeForm { names, objects };  // nodeCacheCapable: true, false

// ExtenderArgs, the body of filter and prioritize.
struct NodesRequest {
  std::string_view pod_json;
  NodeForm form = NodeForm::names;
  std::vector<std::string_view> names;    // as sent: in order, duplicates kept
  std::vector<std::string_view> objects;  // NodeForm::objects: the text of each Node, beside its name; else empty
  // The names stand in the body as a reply may repeat them: none needs an escape, and between two stands `","` alone.
  bool packed = false;
  TextStore store;
};

struct Candidate {
  std::string_view node;
  std::vector<std::string_view> victim_uids;
  std::int64_t pdb_violations = 0;
};

// ExtenderPreemptionArgs. Nodes are distinct.
struct PreemptRequest {
  std::string_view pod_json;
  std::vector<Candidate> candidates;
  TextStore store;
};

// ExtenderBindingArgs. No member is empty.
struct BindRequest {
  std::string pod_name;
  std::string pod_namespace;
  std::string pod_uid;
  std::string node;

  bool operator==(const BindRequest&) const = default;
};

// Thread-safe. Errors: invalid_input.
[[nodiscard]] base::Result<NodesRequest> read_nodes_request(const std::string& body);
[[nodiscard]] base::Result<PreemptRequest> read_preempt_request(const std::string& body);
[[nodiscard]] base::Result<BindRequest> read_bind_request(const std::string& body);

}  // namespace headroom::extender
