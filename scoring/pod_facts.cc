#include "scoring/pod_facts.h"

#include <algorithm>
#include <functional>
#include <map>

namespace headroom::scoring {
namespace {

class FactMaker {
 public:
  FactMaker(const FactsInput& input, PodFacts& facts) : input_(input), facts_(facts) {
    for (std::uint32_t i = 0; i < facts_.memberships.size(); ++i) known_sets_[facts_.memberships[i]] = i;
  }

  PodFact make(std::shared_ptr<const model::Pod> pod) {
    PodFact fact;
    fact.uid_hash = std::hash<std::string_view>{}(pod->uid);
    fact.finished = model::finished(*pod);
    fact.counts = model::bound(*pod) && !fact.finished;
    if (!fact.finished) place(fact, *pod);
    fact.pod = std::move(pod);
    return fact;
  }

 private:
  void place(PodFact& fact, const model::Pod& pod) {
    const std::string& node = model::bound(pod) ? pod.node_name : pod.nominated_node;
    if (!node.empty()) fact.node = input_.table.find(node);
    if (fact.node != kNone || fact.counts) estimate(fact, pod);
    const base::Microseconds cover = input_.settings.ramp + input_.settings.cover_margin;
    fact.ready = pod.started ? *pod.started + cover : base::WallTime::max();
    fact.members = set_of(input_.policies.membership_of(pod).policies);
  }

  // On a node that nobody knows (deleted, or not yet listed): by the default class, for its policies' sake.
  void estimate(PodFact& fact, const model::Pod& pod) const {
    const EstimateRules rules{input_.settings, input_.topology.trusted_namespaces, input_.snapshot.device_claims.get()};
    const NodeRow* row = fact.node == kNone ? nullptr : &input_.table.nodes[fact.node];
    const model::NodeClass& node_class = input_.table.classes[row == nullptr ? 0 : row->node_class];
    fact.estimate = on_node(demand_of(pod, node_class, rules), row == nullptr ? 0 : row->cpu_millis);
  }

  std::uint32_t set_of(std::vector<policy::PolicyNumber> policies) {
    if (policies.empty()) return 0;
    const auto next = static_cast<std::uint32_t>(facts_.memberships.size());
    const auto [found, inserted] = known_sets_.emplace(std::move(policies), next);
    if (inserted) facts_.memberships.push_back(found->first);
    return found->second;
  }

  const FactsInput& input_;
  PodFacts& facts_;
  std::map<std::vector<policy::PolicyNumber>, std::uint32_t> known_sets_;
};

}  // namespace

PodFacts make_facts(PodFacts previous, const FactsInput& input) {
  PodFacts facts;
  facts.memberships = std::move(previous.memberships);
  facts.claims = input.snapshot.device_claims;
  const bool same_claims = facts.claims == previous.claims;
  facts.pods.reserve(input.snapshot.pods.size());
  FactMaker maker(input, facts);
  auto old = previous.pods.begin();
  for (const auto& pod : input.snapshot.pods) {
    // Objects are shared between snapshots: the same address is the same pod, unchanged.
    while (old != previous.pods.end() && old->pod != pod && old->pod->uid < pod->uid) ++old;
    if (old != previous.pods.end() && old->pod == pod && (same_claims || pod->claims.empty())) {
      facts.pods.push_back(std::move(*old));
      ++old;
    } else {
      facts.pods.push_back(maker.make(pod));
    }
  }
  return facts;
}

PodsByNode group_by_node(const PodFacts& facts, std::size_t nodes) {
  PodsByNode grouped;
  grouped.begin.assign(nodes + 1, 0);
  for (const PodFact& fact : facts.pods) {
    if (fact.counts && fact.node != kNone) ++grouped.begin[fact.node + 1];
  }
  for (std::size_t node = 0; node < nodes; ++node) grouped.begin[node + 1] += grouped.begin[node];
  grouped.order.resize(grouped.begin[nodes]);
  std::vector<std::uint32_t> next(grouped.begin.begin(), grouped.begin.end() - 1);
  for (std::uint32_t i = 0; i < facts.pods.size(); ++i) {
    const PodFact& fact = facts.pods[i];
    if (fact.counts && fact.node != kNone) grouped.order[next[fact.node]++] = i;
  }
  return grouped;
}

}  // namespace headroom::scoring
