#include "model/labels.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace headroom::model {
namespace {

std::optional<std::int64_t> as_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Gt and Lt compare integers; anything else does not match, as in Kubernetes.
bool ordered(const SelectorRequirement& requirement, std::string_view value) {
  if (requirement.values.size() != 1) return false;
  const auto actual = as_integer(value);
  const auto wanted = as_integer(requirement.values.front());
  if (!actual || !wanted) return false;
  return requirement.op == SelectorOperator::greater_than ? *actual > *wanted : *actual < *wanted;
}

}  // namespace

bool matches(const SelectorRequirement& requirement, const Labels& labels) {
  const auto found = labels.find(requirement.key);
  const bool present = found != labels.end();
  const auto listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), found->second) != requirement.values.end();
  };
  switch (requirement.op) {
    case SelectorOperator::in: return present && listed();
    case SelectorOperator::not_in: return !present || !listed();
    case SelectorOperator::exists: return present;
    case SelectorOperator::does_not_exist: return !present;
    case SelectorOperator::greater_than:
    case SelectorOperator::less_than: return present && ordered(requirement, found->second);
  }
  return false;
}

bool matches(const LabelSelector& selector, const Labels& labels) {
  for (const auto& [key, value] : selector.match_labels) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const SelectorRequirement& requirement) { return matches(requirement, labels); });
}

bool matches(const NodeSelectorTerm& term, const Labels& node_labels, std::string_view node_name) {
  if (term.match_expressions.empty() && term.match_fields.empty()) return false;
  const auto holds = [](const std::vector<SelectorRequirement>& requirements, const Labels& labels) {
    return std::all_of(requirements.begin(), requirements.end(),
                       [&](const SelectorRequirement& requirement) { return matches(requirement, labels); });
  };
  return holds(term.match_expressions, node_labels) &&
         holds(term.match_fields, Labels{{"metadata.name", std::string(node_name)}});
}

}  // namespace headroom::model
