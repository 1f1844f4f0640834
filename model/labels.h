// Label maps and the Kubernetes selector forms, with their matching rules. Pure values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::model {

using Labels = std::map<std::string, std::string, std::less<>>;

enum class SelectorOperator { in, not_in, exists, does_not_exist, greater_than, less_than };

struct SelectorRequirement {
  std::string key;
  SelectorOperator op = SelectorOperator::in;
  std::vector<std::string> values;

  bool operator==(const SelectorRequirement&) const = default;
};

// metav1.LabelSelector. Empty selects everything, as in Kubernetes.
struct LabelSelector {
  Labels match_labels;
  std::vector<SelectorRequirement> match_expressions;

  bool operator==(const LabelSelector&) const = default;
};

// One term of a required node affinity: all expressions and fields must hold. An empty term selects nothing.
struct NodeSelectorTerm {
  std::vector<SelectorRequirement> match_expressions;
  std::vector<SelectorRequirement> match_fields;  // only metadata.name exists in Kubernetes

  bool operator==(const NodeSelectorTerm&) const = default;
};

[[nodiscard]] bool matches(const SelectorRequirement& requirement, const Labels& labels);
[[nodiscard]] bool matches(const LabelSelector& selector, const Labels& labels);
[[nodiscard]] bool matches(const NodeSelectorTerm& term, const Labels& node_labels, std::string_view node_name);

}  // namespace headroom::model
