#include "controller/event_choice.h"

#include <utility>

namespace headroom::controller {

bool is_trouble(const StatusCondition& condition) {
  if (condition.type == "Ready" || condition.type == "Valid") return !condition.holds;
  if (condition.type == "PerformanceRatio") return condition.reason == "NoPerformanceData";
  if (condition.type == "NotEvaluated" || condition.type == "ScenariosNotEvaluated") return false;
  // Pending is the way there; Recommending and NoNodes are what was asked for.
  if (condition.type == "Capped") {
    return !condition.holds && (condition.reason == "NodesFailed" || condition.reason == "SharedNodes" ||
                                condition.reason == "Denied" || condition.reason == "NotOrdered");
  }
  return condition.holds;
}

void EventChoice::begin(const std::vector<ExistingStatus>& existing) {
  told_.clear();
  pods_.clear();
  pods_known_ = false;
  for (const auto& status : existing) {
    for (const auto& condition : status.conditions) {
      if (is_trouble(condition)) told_[status.key].emplace(condition.type, condition.reason);
    }
  }
}

std::vector<StatusCondition> EventChoice::of_status(const DesiredStatus& status) {
  std::vector<StatusCondition> news;
  auto& told = told_[status.key];
  std::map<std::string, std::string> trouble;
  for (const auto& condition : status.conditions) {
    const auto before = told.find(condition.type);
    if (is_trouble(condition)) {
      trouble.emplace(condition.type, condition.reason);
      if (before == told.end() || before->second != condition.reason) news.push_back(condition);
    } else if (before != told.end()) {
      news.push_back(condition);
    }
  }
  told = std::move(trouble);
  return news;
}

std::vector<LetPass> EventChoice::of_pods(const PodTally& tally) {
  std::vector<LetPass> news;
  std::set<std::string> now;
  for (const auto& let_pass : tally.let_pass) {
    if (pods_known_ && pods_.count(let_pass.pod->uid) == 0) news.push_back(let_pass);
    now.insert(let_pass.pod->uid);
  }
  pods_ = std::move(now);
  pods_known_ = true;
  return news;
}

}  // namespace headroom::controller
