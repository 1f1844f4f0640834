#include "controller/write_planner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

namespace headroom::controller {
namespace {

bool moved(base::Power a, base::Power b) {
  const double difference = std::abs(base::to_watts(a - b));
  return difference > 5 && difference > std::abs(base::to_watts(a)) / 100;
}

bool moved(const std::optional<base::Temperature>& a, const std::optional<base::Temperature>& b) {
  if (a.has_value() != b.has_value()) return true;
  return a && std::abs((*a - *b).count()) > 200;
}

bool moved(const PolicyNumbers& a, const PolicyNumbers& b) {
  return moved(a.current, b.current) || moved(a.headroom, b.headroom) || a.members != b.members ||
         a.placed_by_us != b.placed_by_us || a.nodes != b.nodes || a.recommendation != b.recommendation ||
         a.ratio != b.ratio;
}

bool moved(const ElementNumbers& a, const ElementNumbers& b) {
  return a.name != b.name || a.limit != b.limit || moved(a.booked, b.booked) || moved(a.present, b.present) ||
         moved(a.unmanaged, b.unmanaged) || moved(a.inlet, b.inlet);
}

bool moved(const TopologyNumbers& a, const TopologyNumbers& b) {
  return a.nodes_inside != b.nodes_inside || a.nodes_outside != b.nodes_outside || a.single_points != b.single_points ||
         a.nodes != b.nodes || a.recommendation != b.recommendation ||
         !std::equal(a.elements.begin(), a.elements.end(), b.elements.begin(), b.elements.end(),
                     [](const ElementNumbers& x, const ElementNumbers& y) { return !moved(x, y); });
}

bool numbers_moved(const DesiredStatus& a, const DesiredStatus& b) {
  if (a.numbers.index() != b.numbers.index()) return true;
  if (const auto* policy = std::get_if<PolicyNumbers>(&a.numbers)) {
    return moved(*policy, std::get<PolicyNumbers>(b.numbers));
  }
  if (const auto* topology = std::get_if<TopologyNumbers>(&a.numbers)) {
    return moved(*topology, std::get<TopologyNumbers>(b.numbers));
  }
  return false;
}

bool same_verdict(const StatusCondition& a, const StatusCondition& b) {
  return a.type == b.type && a.holds == b.holds && a.reason == b.reason;
}

// The order in which the API server lists conditions is not ours.
bool same_verdicts(std::vector<StatusCondition> a, std::vector<StatusCondition> b) {
  const auto by_type = [](const StatusCondition& x, const StatusCondition& y) { return x.type < y.type; };
  std::sort(a.begin(), a.end(), by_type);
  std::sort(b.begin(), b.end(), by_type);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_verdict);
}

}  // namespace

void WritePlanner::adopt(const std::vector<ExistingStatus>& existing) {
  memory_.clear();
  first_failures_.clear();
  for (const auto& found : existing) {
    if (found.conditions.empty()) continue;  // never written by anybody
    DesiredStatus last{found.key, found.uid, found.observed_generation, found.conditions, {}};
    memory_.emplace(found.key, Memory{std::move(last), found.since, std::nullopt, std::nullopt});
  }
}

WritePlanner::Urgency WritePlanner::urgency(const DesiredStatus& wanted, base::MonoTime now) const {
  const auto found = memory_.find(wanted.key);
  if (found == memory_.end()) {
    const auto failure = first_failures_.find(wanted.key);
    return failure != first_failures_.end() && now < failure->second ? Urgency::none : Urgency::conditions;
  }
  const Memory& memory = found->second;
  if (memory.retry_at && now < *memory.retry_at) return Urgency::none;
  // Equal to the last bit is the common case.
  if (memory.last == wanted) return Urgency::none;
  if (memory.last.uid != wanted.uid || memory.last.observed_generation != wanted.observed_generation ||
      !same_verdicts(memory.last.conditions, wanted.conditions)) {
    return Urgency::conditions;
  }
  if (memory.written_at && now - *memory.written_at < limits_.numbers_interval) return Urgency::none;
  return memory.last.conditions != wanted.conditions || numbers_moved(memory.last, wanted) ? Urgency::numbers
                                                                                           : Urgency::none;
}

ConditionTimes WritePlanner::times(const DesiredStatus& wanted, base::WallTime now) const {
  ConditionTimes since;
  const auto found = memory_.find(wanted.key);
  for (const auto& condition : wanted.conditions) {
    base::WallTime at = now;
    if (found != memory_.end() && found->second.last.uid == wanted.uid) {
      const auto before = std::find_if(found->second.last.conditions.begin(), found->second.last.conditions.end(),
                                       [&](const StatusCondition& c) { return c.type == condition.type; });
      const auto time = found->second.since.find(condition.type);
      const bool unchanged = before != found->second.last.conditions.end() && before->holds == condition.holds;
      if (unchanged && time != found->second.since.end()) at = time->second;
    }
    since.emplace(condition.type, at);
  }
  return since;
}

void WritePlanner::forget_missing(const std::vector<DesiredStatus>& all) {
  std::set<ObjectKey> keys;
  for (const auto& status : all) keys.insert(status.key);
  const auto is_gone = [&](const auto& entry) { return keys.count(entry.first) == 0; };
  std::erase_if(memory_, is_gone);
  std::erase_if(first_failures_, is_gone);
}

void WritePlanner::refill(base::MonoTime now) {
  if (refilled_at_) {
    const double seconds = std::chrono::duration<double>(now - *refilled_at_).count();
    tokens_ = std::min(limits_.burst, tokens_ + seconds * limits_.writes_per_second);
  }
  refilled_at_ = now;
}

std::vector<StatusWrite> WritePlanner::due(const std::vector<DesiredStatus>& all, PlannerTime now) {
  struct Candidate {
    const DesiredStatus* status;
    Urgency urgency;
    base::MonoTime waiting_since;
  };
  forget_missing(all);
  refill(now.mono);
  std::vector<Candidate> candidates;
  for (const auto& status : all) {
    const Urgency how = urgency(status, now.mono);
    if (how == Urgency::none) continue;
    const auto memory = memory_.find(status.key);
    const bool known = memory != memory_.end() && memory->second.written_at;
    candidates.push_back({&status, how, known ? *memory->second.written_at : base::MonoTime()});
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.urgency != b.urgency ? a.urgency > b.urgency : a.waiting_since < b.waiting_since;
  });
  std::vector<StatusWrite> writes;
  for (const auto& candidate : candidates) {
    if (tokens_ < 1) break;
    tokens_ -= 1;
    writes.push_back({*candidate.status, times(*candidate.status, now.wall)});
  }
  return writes;
}

void WritePlanner::written(const StatusWrite& write, base::MonoTime now) {
  first_failures_.erase(write.status.key);
  memory_.insert_or_assign(write.status.key, Memory{write.status, write.since, now, std::nullopt});
}

void WritePlanner::failed(const ObjectKey& key, base::MonoTime now) {
  const auto found = memory_.find(key);
  if (found != memory_.end()) {
    found->second.retry_at = now + limits_.retry_interval;
  } else {
    first_failures_.insert_or_assign(key, now + limits_.retry_interval);
  }
}

}  // namespace headroom::controller
