// Which policies a pod is a member of, and what they say together.
//
//   - The pod's annotation powercapping.example.com/policy names one policy of its namespace and replaces selectors.
//   - Else every policy of the namespace whose selector matches the pod's labels.
//   - A policy without selector covers all pods of its namespace, also annotated ones. (selector: {} matches every pod
//     by its labels, so an annotation does replace it.)
//   - A pod whose annotation names a policy that does not exist is refused.
//   - A policy that exists but cannot be read limits in a way nobody knows, and its selector is not known either: until
//     it is corrected or deleted, new pods of its namespace are refused. Running pods are left alone.
//   - Several policies: the tightest of each quantity.
//   - Tenancy: policies only ever act on pods of their own namespace.
//
// PolicyIndex is immutable after construction and safe to read from any thread. One lookup costs a map access and one
// selector match per policy of the namespace.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/cluster_snapshot.h"
#include "model/pod.h"
#include "model/policy.h"
#include "topology/stale_rule.h"

namespace headroom::policy {

// Index into PolicyIndex::policies() of the same index. Not stable from one index to the next.
using PolicyNumber = std::uint32_t;

enum class MembershipProblem {
  none,
  unknown_policy,     // the annotation names none of the namespace's policies
  unreadable_policy,  // a policy of the namespace cannot be read
};

struct Membership {
  std::vector<PolicyNumber> policies;  // ascending; also filled as far as known where there is a problem
  MembershipProblem problem = MembershipProblem::none;
  std::string problem_policy;  // "namespace/name" that the problem is about

  bool operator==(const Membership&) const = default;
};

struct RackLimit {
  std::optional<base::Power> max_power;
  PolicyNumber max_power_by = 0;  // whose; only where max_power is set
  std::optional<base::Temperature> max_inlet;
  PolicyNumber max_inlet_by = 0;

  bool operator==(const RackLimit&) const = default;
};

// What a set of policies says together. Racks that are not listed are not restricted. Each policy's powerCapLimit binds
// by itself (its own load, its own limit), so there is nothing to combine.
struct Limits {
  std::map<std::string, RackLimit, std::less<>> racks;  // by rackId
  // Of the strictest policy; unset halves inherit (topology::tightened).
  std::optional<model::StaleTelemetry> on_stale;
  std::optional<base::Seconds> max_telemetry_age;

  bool operator==(const Limits&) const = default;
};

class PolicyIndex {
 public:
  PolicyIndex() = default;
  PolicyIndex(std::vector<std::shared_ptr<const model::PolicyObject>> policies,
              const std::vector<model::UnreadableObject>& unreadable);

  [[nodiscard]] Membership membership_of(const model::Pod& pod) const;

  // Over those of the membership's policies that are in the given mode: enforce for what refuses, recommend for what
  // would have.
  [[nodiscard]] Limits limits_of(const Membership& membership, model::EnforcementMode mode) const;

  // Sorted by namespace, then name: PolicyNumber counts here.
  [[nodiscard]] const std::vector<std::shared_ptr<const model::PolicyObject>>& policies() const { return policies_; }

 private:
  struct Namespace {
    std::map<std::string, PolicyNumber, std::less<>> by_name;
    std::vector<std::string> unreadable;  // names
  };

  std::vector<std::shared_ptr<const model::PolicyObject>> policies_;
  std::map<std::string, Namespace, std::less<>> namespaces_;
};

}  // namespace headroom::policy
