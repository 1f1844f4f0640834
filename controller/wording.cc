#include "controller/wording.h"

#include <algorithm>

namespace headroom::controller {
namespace {

constexpr std::size_t kMessageRoom = 30'000;
constexpr std::size_t kReasonsShown = 8;

}  // namespace

std::string listed(const std::vector<std::string>& names, std::size_t at_most) {
  std::string text;
  const std::size_t shown = std::min(names.size(), at_most);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

std::string all_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (text.size() + lines[i].size() > kMessageRoom) {
      return text + "\nand " + std::to_string(lines.size() - i) + " more";
    }
    text += (i == 0 ? "" : "\n") + lines[i];
  }
  return text;
}

std::string counted(const std::vector<std::string>& names, const std::string& singular) {
  return std::to_string(names.size()) + " " + singular + (names.size() == 1 ? "" : "s") + ": " + listed(names);
}

StatusCondition not_evaluated_condition(const std::vector<std::string>& paths) {
  if (paths.empty()) return {"NotEvaluated", false, "AllFieldsEvaluated", "every field that is set has its effect"};
  return {"NotEvaluated", true, "FieldsNotEvaluated",
          "accepted, but without effect in this version: " + listed(paths, 100)};
}

Recommendation recommendation_of(const WouldRefuse& counts) {
  Recommendation result;
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  for (const auto& [reason, count] : counts.by_reason) {
    result.would_refuse += count;
    sorted.emplace_back(-count, reason);
  }
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [count, reason] : sorted) {
    if (result.reasons.size() < kReasonsShown) result.reasons.push_back(reason);
  }
  return result;
}

}  // namespace headroom::controller
