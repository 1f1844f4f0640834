#include "policy/resolve.h"

#include <algorithm>
#include <tuple>

#include "base/names.h"

namespace headroom::policy {
namespace {

void tighten_rack(RackLimit& limit, const model::RackConstraint& constraint, PolicyNumber by) {
  if (constraint.max_power && (!limit.max_power || *constraint.max_power < *limit.max_power)) {
    limit.max_power = constraint.max_power;
    limit.max_power_by = by;
  }
  if (constraint.max_inlet && (!limit.max_inlet || *constraint.max_inlet < *limit.max_inlet)) {
    limit.max_inlet = constraint.max_inlet;
    limit.max_inlet_by = by;
  }
}

}  // namespace

PolicyIndex::PolicyIndex(std::vector<std::shared_ptr<const model::PolicyObject>> policies,
                         const std::vector<model::UnreadableObject>& unreadable)
    : policies_(std::move(policies)) {
  std::sort(policies_.begin(), policies_.end(),
            [](const auto& a, const auto& b) { return std::tie(a->ns, a->name) < std::tie(b->ns, b->name); });
  for (PolicyNumber i = 0; i < policies_.size(); ++i) {
    namespaces_[policies_[i]->ns].by_name.emplace(policies_[i]->name, i);
  }
  for (const auto& object : unreadable) {
    namespaces_[object.name.substr(0, object.name.find('/'))].unreadable.push_back(object.name);
  }
}

Membership PolicyIndex::membership_of(const model::Pod& pod) const {
  Membership membership;
  const auto ns = namespaces_.find(pod.ns);
  const auto annotation = pod.annotations.find(base::names::kPolicyAnnotation);
  const bool annotated = annotation != pod.annotations.end();
  const auto refuse = [&](MembershipProblem problem, std::string policy) {
    membership.problem = problem;
    membership.problem_policy = std::move(policy);
  };
  if (ns == namespaces_.end()) {
    if (annotated) refuse(MembershipProblem::unknown_policy, pod.ns + "/" + annotation->second);
    return membership;
  }
  for (const auto& [name, number] : ns->second.by_name) {
    const auto& selector = policies_[number]->selector;
    const bool named = annotated && annotation->second == name;
    const bool selected = selector && !annotated && model::matches(*selector, pod.labels);
    if (!selector || named || selected) membership.policies.push_back(number);
  }
  if (!ns->second.unreadable.empty()) {
    refuse(MembershipProblem::unreadable_policy, ns->second.unreadable.front());
  } else if (annotated && ns->second.by_name.count(annotation->second) == 0) {
    refuse(MembershipProblem::unknown_policy, pod.ns + "/" + annotation->second);
  }
  return membership;
}

Limits PolicyIndex::limits_of(const Membership& membership, model::EnforcementMode mode) const {
  Limits limits;
  for (const auto number : membership.policies) {
    const model::PolicyObject& policy = *policies_[number];
    if (policy.mode != mode) continue;
    for (const auto& constraint : policy.rack_constraints) {
      tighten_rack(limits.racks[constraint.rack], constraint, number);
    }
    if (policy.on_stale) limits.on_stale = std::max(limits.on_stale.value_or(*policy.on_stale), *policy.on_stale);
    if (policy.max_telemetry_age) {
      limits.max_telemetry_age =
          std::min(limits.max_telemetry_age.value_or(*policy.max_telemetry_age), *policy.max_telemetry_age);
    }
  }
  return limits;
}

}  // namespace headroom::policy
