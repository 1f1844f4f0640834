// What kube-scheduler is answered, as JSON text. Replies are built from positions in the request, so they can only name
// nodes that were sent. Field names are Go's; kube-scheduler reads one JSON value and wants status 200.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "extender/wire_request.h"

namespace headroom::extender {

struct RefusedNode {
  std::uint32_t position = 0;  // in NodesRequest::names
  std::string_view reason;     // low cardinality: kube-scheduler makes a histogram of the texts
};

// Every node of the request stands in exactly one list, once.
struct FilterAnswer {
  std::vector<std::uint32_t> passed;
  std::vector<RefusedNode> refused;
};

struct ScoredNode {
  std::uint32_t position = 0;
  int score = 0;  // 0..10; written clamped
};

// Refused nodes go into FailedAndUnresolvableNodes: in FailedNodes they make kube-scheduler try evictions for ever.
// A request with node objects gets the objects of the passed nodes back, byte for byte.
[[nodiscard]] std::string write_filter_reply(const NodesRequest& request, const FilterAnswer& answer);
[[nodiscard]] std::string write_filter_error(std::string_view error);

[[nodiscard]] std::string write_prioritize_reply(const NodesRequest& request, const std::vector<ScoredNode>& scores);

// The candidates that stay, with their victims, always in the Meta form.
[[nodiscard]] std::string write_preempt_reply(const PreemptRequest& request, const std::vector<std::uint32_t>& kept);
[[nodiscard]] std::string write_preempt_nothing();

// Empty: bound.
[[nodiscard]] std::string write_bind_reply(std::string_view error);

}  // namespace headroom::extender
