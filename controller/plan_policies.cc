#include <algorithm>
#include <iterator>

#include "controller/plan_status.h"
#include "controller/wording.h"
#include "policy/parse_policy.h"

namespace headroom::controller {
namespace {

using scoring::ConditionKind;

std::string how_to_join(const model::PolicyObject& policy) {
  const std::string annotate = "annotate them with powercapping.example.com/policy: " + policy.name;
  if (!policy.selector) return "no pod runs or waits in namespace " + policy.ns;
  return "no pod of namespace " + policy.ns + " is a member: give pods labels that spec.selector matches, or " +
         annotate;
}

StatusCondition ready_condition(const model::PolicyObject& policy, const scoring::PolicyBooks& books) {
  const auto unknown = policy::unknown_algorithms(policy);
  if (!unknown.empty()) {
    std::string text =
        "this version does not know the algorithm " + listed(unknown) + "; the rest of the policy is in force";
    if (books.members == 0) text += "; " + how_to_join(policy);
    return {"Ready", false, "UnknownAlgorithm", std::move(text)};
  }
  if (books.members == 0) return {"Ready", false, "NoMembers", how_to_join(policy)};
  if (policy.mode == model::EnforcementMode::recommend) {
    return {"Ready", true, "Recommending",
            "refuses nothing; status.recommendation counts what Enforce would have refused"};
  }
  return {"Ready", true, "Enforced", "in force"};
}

void add_unknown_racks(const scoring::Books& books, policy::PolicyNumber number, std::vector<StatusCondition>& out) {
  std::vector<std::string> racks;
  const auto& constraints = books.policies->policies()[number]->rack_constraints;
  for (const auto& condition : books.conditions) {
    if (condition.kind == ConditionKind::unknown_rack && condition.subject == number) {
      racks.push_back(constraints.at(condition.detail).rack);
    }
  }
  if (racks.empty()) return;
  out.push_back(
      {"UnknownRack", true, "NoSuchNodes",
       "no node carries as its rack label " + books.topology->settings.rack_label + ": " + listed(racks, 50)});
}

void add_exceeded(const scoring::Books& books, const model::PolicyObject& policy, std::vector<StatusCondition>& out) {
  std::vector<std::string> racks;
  for (const auto& constraint : policy.rack_constraints) {
    const std::uint32_t rack = books.table->find_rack(constraint.rack);
    if (rack == scoring::kNone) continue;
    const auto& load = books.views.front().racks[rack];
    const bool hot = constraint.max_inlet && books.inlets[rack].is_hot(*constraint.max_inlet);
    if (hot || (constraint.max_power && load.present > *constraint.max_power)) {
      racks.push_back(constraint.rack + (hot ? " (inlet)" : " (power)"));
    }
  }
  if (racks.empty()) return;
  out.push_back(
      {"RackLimitExceeded", true, "AboveLimit", "running load is above this policy's limit: " + listed(racks, 50)});
}

DesiredStatus plan_policy(const PlanInput& input, policy::PolicyNumber number) {
  const model::PolicyObject& policy = *input.books.policies->policies()[number];
  const scoring::PolicyBooks& books = input.books.policy[number];
  DesiredStatus status;
  status.key = {ObjectKind::policy, policy.ns, policy.name};
  status.uid = policy.uid;
  status.observed_generation = policy.generation;
  status.conditions = {ready_condition(policy, books), not_evaluated_condition(policy.not_evaluated)};
  add_unknown_racks(input.books, number, status.conditions);
  if (input.tally.stale_members[number] > 0) {
    status.conditions.push_back({"DataStale", true, "StaleTelemetry",
                                 std::to_string(input.tally.stale_members[number]) +
                                     " members run on nodes whose power is not freshly measured"});
  }
  add_exceeded(input.books, policy, status.conditions);
  PolicyNumbers numbers;
  numbers.current = books.load;
  numbers.headroom = policy.power_cap_limit - books.load;
  numbers.members = books.members;
  numbers.placed_by_us = books.placed_by_us;
  CapFindings caps = findings_of(input.caps, policy);
  numbers.nodes = caps.nodes;
  numbers.ratio = caps.ratio;
  std::move(caps.conditions.begin(), caps.conditions.end(), std::back_inserter(status.conditions));
  numbers.recommendation = recommendation_of(input.tally.policies[number]);
  status.numbers = std::move(numbers);
  return status;
}

DesiredStatus plan_unreadable(const model::UnreadableObject& object) {
  const auto slash = object.name.find('/');
  DesiredStatus status;
  status.key = {ObjectKind::policy, object.name.substr(0, slash), object.name.substr(slash + 1)};
  status.conditions = {{"Ready", false, "Unreadable",
                        all_lines({"new pods of the namespace are refused until this is corrected: " + object.error})}};
  return status;
}

}  // namespace

std::vector<DesiredStatus> plan_policies(const PlanInput& input) {
  std::vector<DesiredStatus> all;
  for (policy::PolicyNumber i = 0; i < input.books.policies->policies().size(); ++i) {
    all.push_back(plan_policy(input, i));
  }
  for (const auto& object : input.snapshot.unreadable_policies) all.push_back(plan_unreadable(object));
  return all;
}

std::vector<DesiredStatus> plan_status(const PlanInput& input) {
  std::vector<DesiredStatus> all = plan_policies(input);
  for (auto& status : plan_topologies(input)) all.push_back(std::move(status));
  std::sort(all.begin(), all.end(), [](const DesiredStatus& a, const DesiredStatus& b) { return a.key < b.key; });
  return all;
}

}  // namespace headroom::controller
