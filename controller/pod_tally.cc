#include "controller/pod_tally.h"

#include <set>
#include <string_view>

#include "base/names.h"
#include "scoring/decision_record.h"
#include "scoring/verdict.h"

namespace headroom::controller {
namespace {

using model::EnforcementMode;
using scoring::Reason;

// What bind wrote, where it is worth a closer look: almost no pod of a large cluster has it.
std::string would_refuse_of(const model::Pod& pod) {
  const auto decision = pod.annotations.find(base::names::kDecisionAnnotation);
  if (decision == pod.annotations.end() || decision->second.find("wouldRefuse") == std::string::npos) return {};
  const auto record = scoring::from_json(decision->second);
  return record ? record->would_refuse : std::string();
}

enum class Blame { policies, topologies, both };

Blame blame_of(std::string_view code) {
  for (const auto reason : {Reason::rack_policy_power, Reason::policy_power_cap, Reason::rack_policy_inlet}) {
    if (scoring::text_of(reason).code == code) return Blame::policies;
  }
  for (const auto reason : {Reason::no_power_telemetry, Reason::inlet_stale, Reason::inlet_unknown}) {
    if (scoring::text_of(reason).code == code) return Blame::both;
  }
  return Blame::topologies;
}

// Names of the recommending topologies that limit the row's rack; all recommending ones for a node outside.
std::set<std::string> recommending_above(const scoring::Books& books, const scoring::NodeRow& row) {
  std::set<std::string> names;
  const auto& elements = books.topology->elements;
  if (row.rack != scoring::kNone) {
    const auto& lookup = books.table->racks[row.rack].lookup;
    if (lookup.standing == topology::RackStanding::in_force) {
      for (const auto& step : elements[lookup.element].path) {
        const auto& element = elements[step.element];
        if (element.mode == EnforcementMode::recommend) names.insert(element.object);
      }
      return names;
    }
  }
  for (const auto& object : books.topology->readable) {
    if (object->mode == EnforcementMode::recommend) names.insert(object->name);
  }
  return names;
}

struct Walk {
  const scoring::Books& books;
  PodTally tally;

  void visit(const std::shared_ptr<const model::Pod>& pod) {
    if (!model::bound(*pod) || model::finished(*pod)) return;
    const std::uint32_t node = books.table->find(pod->node_name);
    const auto membership = books.policies->membership_of(*pod);
    const bool stale =
        node != scoring::kNone && books.views.front().nodes[node].telemetry != scoring::TelemetryState::fresh;
    if (stale) {
      for (const auto number : membership.policies) ++tally.stale_members[number];
    }
    const std::string reason = would_refuse_of(*pod);
    if (reason.empty()) return;
    tally.let_pass.push_back({pod, reason});
    const Blame blame = blame_of(reason);
    if (blame != Blame::topologies) count_policies(membership, reason);
    if (blame != Blame::policies && node != scoring::kNone) count_topologies(books.table->nodes[node], reason);
  }

  void count_policies(const policy::Membership& membership, const std::string& reason) {
    for (const auto number : membership.policies) {
      if (books.policies->policies()[number]->mode != EnforcementMode::recommend) continue;
      ++tally.policies[number].by_reason[reason];
    }
  }

  void count_topologies(const scoring::NodeRow& row, const std::string& reason) {
    for (const auto& name : recommending_above(books, row)) ++tally.topologies[name].by_reason[reason];
  }
};

}  // namespace

PodTally tally_pods(const model::ClusterSnapshot& snapshot, const scoring::Books& books) {
  Walk walk{books, {}};
  walk.tally.policies.resize(books.policies->policies().size());
  walk.tally.stale_members.resize(books.policies->policies().size());
  for (const auto& pod : snapshot.pods) walk.visit(pod);
  return std::move(walk.tally);
}

}  // namespace headroom::controller
