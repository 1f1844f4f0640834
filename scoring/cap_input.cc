#include "scoring/cap_input.h"

#include <algorithm>
#include <limits>

#include "base/names.h"
#include "scoring/cap_standing.h"
#include "scoring/estimate.h"
#include "topology/limits.h"

namespace headroom::scoring {
namespace {

using base::Power;
using model::EnforcementMode;
using policy::PolicyNumber;

constexpr std::int32_t kLowestPriority = std::numeric_limits<std::int32_t>::min();

// Pods on one node, as tenancy sees them.
struct Tenants {
  std::vector<PolicyNumber> members;    // policies with a member here, ascending
  std::vector<PolicyNumber> exclusive;  // of them: every pod but DaemonSets' is its member
  bool any = false;                     // a pod that is no DaemonSet's
  std::int32_t priority = kLowestPriority;
};

template <class T>
void tighten(std::optional<T>& cap, const std::optional<T>& other) {
  if (other && (!cap || *other < *cap)) cap = other;
}

bool carries(const model::Labels& labels, const model::Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    const auto found = labels.find(pair.first);
    return found != labels.end() && found->second == pair.second;
  });
}

class Builder {
 public:
  Builder(const Books& books, const model::ClusterSnapshot& snapshot, const CapFacts& facts)
      : books_(books), snapshot_(snapshot), facts_(facts), table_(*books.table), topology_(*books.topology) {}

  CapInput run() {
    out_.allocate.now = facts_.now;
    out_.allocate.settings = facts_.settings;
    out_.policies.resize(books_.policies->policies().size());
    tenants_.resize(table_.nodes.size());
    elsewhere_.resize(out_.policies.size());
    take_pods();
    find_reach();
    add_element_limits();
    node_limits_.resize(table_.nodes.size());
    for (PolicyNumber number = 0; number < out_.policies.size(); ++number) add_policy_limits(number);
    add_nodes();
    return std::move(out_);
  }

 private:
  [[nodiscard]] const View& view() const { return books_.views.front(); }
  [[nodiscard]] const model::PolicyObject& policy_of(PolicyNumber number) const {
    return *books_.policies->policies()[number];
  }

  // ---- who is where

  void take_pods() {
    const bool policies = !books_.policies->policies().empty();
    for (const auto& pod : snapshot_.pods) {
      if (!model::bound(*pod) || model::finished(*pod) || pod->owned_by_daemonset) continue;
      const std::uint32_t row = table_.find(pod->node_name);
      if (row == kNone) continue;
      take_pod(*pod, row, policies ? books_.policies->membership_of(*pod).policies : std::vector<PolicyNumber>{});
    }
  }

  void take_pod(const model::Pod& pod, std::uint32_t row, const std::vector<PolicyNumber>& members) {
    Tenants& tenants = tenants_[row];
    std::int32_t priority = pod.priority;
    for (const PolicyNumber number : members) {
      const auto own = policy_of(number).priority;
      if (own) priority = std::min(priority, *own);
    }
    tenants.priority = std::max(tenants.priority, priority);
    std::vector<PolicyNumber> all;
    std::set_union(tenants.members.begin(), tenants.members.end(), members.begin(), members.end(),
                   std::back_inserter(all));
    tenants.members = std::move(all);
    std::vector<PolicyNumber> still;
    std::set_intersection(tenants.exclusive.begin(), tenants.exclusive.end(), members.begin(), members.end(),
                          std::back_inserter(still));
    if (!tenants.any) still = members;
    tenants.exclusive = std::move(still);
    tenants.any = true;
  }

  void find_reach() {
    const model::PolicyNodeCaps rule = topology_.policy_node_caps;
    for (std::uint32_t row = 0; row < tenants_.size(); ++row) {
      const Tenants& tenants = tenants_[row];
      const auto& acting = rule == model::PolicyNodeCaps::any ? tenants.members : tenants.exclusive;
      for (const PolicyNumber number : tenants.members) {
        PolicyReach& reach = out_.policies[number];
        const bool acts =
            rule != model::PolicyNodeCaps::deny && std::binary_search(acting.begin(), acting.end(), number);
        (acts ? reach.acting : reach.shared).push_back(row);
      }
    }
    for (PolicyNumber number = 0; number < out_.policies.size(); ++number) {
      out_.policies[number].denied = rule == model::PolicyNodeCaps::deny;
      out_.policies[number].wants_caps = !policy_of(number).node_caps.empty();
    }
    add_elsewhere();
  }

  // What members count for on nodes that their policy may not cap.
  void add_elsewhere() {
    const bool nobody = std::all_of(out_.policies.begin(), out_.policies.end(), [](const PolicyReach& reach) {
      return reach.shared.empty() || reach.acting.empty();
    });
    if (nobody) return;
    const EstimateRules rules = estimate_rules(books_);
    for (const auto& pod : snapshot_.pods) {
      if (!model::bound(*pod) || model::finished(*pod)) continue;
      const std::uint32_t row = table_.find(pod->node_name);
      if (row == kNone) continue;
      for (const PolicyNumber number : books_.policies->membership_of(*pod).policies) {
        const auto& shared = out_.policies[number].shared;
        if (!std::binary_search(shared.begin(), shared.end(), row)) continue;
        const NodeRow& node = table_.nodes[row];
        elsewhere_[number] += on_node(demand_of(*pod, table_.classes[node.node_class], rules), node.cpu_millis).power;
      }
    }
  }

  // ---- limits

  void add_element_limits() {
    for (std::uint32_t e = 0; e < topology_.elements.size(); ++e) {
      const topology::Element& element = topology_.elements[e];
      out_.limit_of_element.push_back(kNone);
      if (element.capping == model::CappingMode::off || element.type == model::ElementType::cooling_zone) continue;
      const ElementLoad& load = view().elements[e];
      const bool enforced = element.capping == model::CappingMode::enforce && element.mode == EnforcementMode::enforce;
      out_.limit_of_element.back() = static_cast<std::uint32_t>(out_.allocate.limits.size());
      policy::CapLimit limit;
      limit.name = element.name;
      limit.subject = e;
      limit.capacity = element.limit - load.unmanaged;
      limit.load = load.measured;
      limit.full = element.limit;
      limit.emergency = element.emergency;
      limit.threshold = element.capping_threshold;
      limit.mode = enforced ? EnforcementMode::enforce : EnforcementMode::recommend;
      if (element.max_inlet) limit.air = air_of(table_.find_rack(element.name), *element.max_inlet);
      out_.allocate.limits.push_back(std::move(limit));
    }
  }

  // Over the nodes that the policy may act on. What such a node draws idle is not its members': it comes on top.
  void add_policy_limits(PolicyNumber number) {
    const PolicyReach& reach = out_.policies[number];
    if (reach.acting.empty()) return;
    const model::PolicyObject& policy = policy_of(number);
    Power idle;
    for (const std::uint32_t row : reach.acting) idle += table_.nodes[row].idle;
    policy::CapLimit limit;
    limit.kind = policy::LimitKind::policy;
    limit.name = model::key_of(policy);
    limit.subject = number;
    limit.capacity = policy.power_cap_limit + idle - elsewhere_[number];
    limit.load = books_.policy[number].load;
    limit.full = policy.power_cap_limit;
    limit.threshold = base::percent(policy.capping_threshold_percent);
    limit.mode = policy.mode;
    add_limit(std::move(limit), reach.acting);
    for (const model::RackConstraint& constraint : policy.rack_constraints) add_rack_limit(number, constraint);
  }

  [[nodiscard]] policy::InletAir air_of(std::uint32_t rack, base::Temperature limit) const {
    if (rack == kNone || !books_.inlets[rack].is_hot(limit)) return policy::InletAir::cool;
    return view().racks[rack].inlet == InletState::fresh ? policy::InletAir::too_warm : policy::InletAir::unknown;
  }

  void add_rack_limit(PolicyNumber number, const model::RackConstraint& constraint) {
    const std::uint32_t rack = table_.find_rack(constraint.rack);
    if (rack == kNone || (!constraint.max_power && !constraint.max_inlet)) return;
    const auto& acting = out_.policies[number].acting;
    std::vector<std::uint32_t> rows;
    Power others = view().racks[rack].present;
    for (const std::uint32_t row : table_.racks[rack].nodes) {
      if (!std::binary_search(acting.begin(), acting.end(), row)) continue;
      rows.push_back(row);
      others -= view().nodes[row].present.now();
    }
    if (rows.empty()) return;
    policy::CapLimit limit;
    limit.kind = policy::LimitKind::policy_rack;
    limit.name = model::key_of(policy_of(number)) + " at " + constraint.rack;
    limit.subject = number;
    const Power most = constraint.max_power.value_or(base::watts(topology::kMaxWatts));
    limit.capacity = most - others;
    limit.load = view().racks[rack].present;
    limit.full = most;
    if (constraint.max_inlet) limit.air = air_of(rack, *constraint.max_inlet);
    limit.threshold = base::percent(policy_of(number).capping_threshold_percent);
    limit.mode = policy_of(number).mode;
    add_limit(std::move(limit), rows);
  }

  void add_limit(policy::CapLimit limit, const std::vector<std::uint32_t>& rows) {
    const auto index = static_cast<std::uint32_t>(out_.allocate.limits.size());
    out_.allocate.limits.push_back(std::move(limit));
    for (const std::uint32_t row : rows) node_limits_[row].push_back({index, base::percent(100)});
  }

  [[nodiscard]] std::vector<policy::LimitShare> element_limits(std::uint32_t rack) const {
    std::vector<policy::LimitShare> limits;
    if (rack == kNone || table_.racks[rack].lookup.standing != topology::RackStanding::in_force) return limits;
    for (const topology::ElementShare& above : topology_.elements[table_.racks[rack].lookup.element].path) {
      const std::uint32_t limit = out_.limit_of_element[above.element];
      if (limit != kNone && above.share > base::Share()) limits.push_back({limit, above.share});
    }
    return limits;
  }

  // ---- nodes

  void add_nodes() {
    std::vector<std::pair<policy::CapNode, std::uint32_t>> all;
    for (std::uint32_t row = 0; row < table_.nodes.size(); ++row) all.emplace_back(node_at(row), row);
    for (const HeldNode& held : books_.held) {
      if (table_.find(held.name) == kNone) all.emplace_back(deleted_node(held), kNone);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first.name < b.first.name; });
    for (auto& [node, row] : all) {
      out_.allocate.nodes.push_back(std::move(node));
      out_.row_of_node.push_back(row);
    }
  }

  [[nodiscard]] policy::CapNode node_at(std::uint32_t row) const {
    const NodeRow& known = table_.nodes[row];
    const NodeLoad& load = view().nodes[row];
    policy::CapNode node;
    node.name = known.node->name;
    node.boot_id = known.node->boot_id;
    node.idle = known.idle;
    if (load.telemetry == TelemetryState::fresh) node.measured = load.measured;
    node.wall = wall_meter(row);
    node.expected = load.booked.now();
    node.reserve = table_.classes[known.node_class].overhead;
    node.cap = cap_of(known.node->name);
    node.class_max_known = known.max.has_value();
    node.class_max = class_max_of(known, node.cap.get(), node.measured);
    node.limits = element_limits(known.rack);
    node.limits.insert(node.limits.end(), node_limits_[row].begin(), node_limits_[row].end());
    node.asked = asked_of(row);
    node.priority = tenants_[row].priority;
    node.opted_in = opted_in(row);
    const auto agent = facts_.agents.find(node.name);
    if (agent != facts_.agents.end()) node.agent = agent->second;
    const auto flight = facts_.in_flight.find(node.name);
    if (flight != facts_.in_flight.end()) node.in_flight = flight->second;
    return node;
  }

  [[nodiscard]] std::optional<Power> wall_meter(std::uint32_t row) const {
    const auto found = snapshot_.telemetry->nodes.find(table_.nodes[row].node->name);
    if (found == snapshot_.telemetry->nodes.end()) return std::nullopt;
    const auto& reading = found->second.of(model::PowerScope::wall);
    if (!reading || reading->grade != model::Grade::measured) return std::nullopt;
    return reading->window_end + topology_.stale.max_age >= books_.at ? std::optional(reading->power) : std::nullopt;
  }

  [[nodiscard]] std::shared_ptr<const model::NodePowerCap> cap_of(const std::string& name) const {
    const auto& caps = snapshot_.node_power_caps;
    const auto found = std::lower_bound(caps.begin(), caps.end(), name,
                                        [](const auto& cap, const std::string& key) { return cap->name < key; });
    return found != caps.end() && (*found)->name == name ? *found : nullptr;
  }

  [[nodiscard]] policy::ExplicitCaps asked_of(std::uint32_t row) const {
    policy::ExplicitCaps asked;
    if (topology_.policy_node_caps == model::PolicyNodeCaps::deny) return asked;
    const Tenants& tenants = tenants_[row];
    const bool any = topology_.policy_node_caps == model::PolicyNodeCaps::any;
    for (const PolicyNumber number : any ? tenants.members : tenants.exclusive) {
      const model::PolicyObject& policy = policy_of(number);
      if (policy.mode != EnforcementMode::enforce) continue;
      for (const model::NodeCap& cap : policy.node_caps) {
        if (!carries(table_.nodes[row].node->labels, cap.node_selector)) continue;
        tighten(asked.cpu_package, cap.cpu_package);
        tighten(asked.gpu, cap.gpu);
        tighten(asked.node, cap.node);
        tighten(asked.short_term_percent, std::optional(cap.short_term_percent));
        tighten(asked.time_window, cap.time_window);
      }
    }
    return asked;
  }

  [[nodiscard]] bool opted_in(std::uint32_t row) const {
    const NodeRow& node = table_.nodes[row];
    const auto label = node.node->labels.find(base::names::kCappingLabel);
    if (label != node.node->labels.end() && label->second == base::names::kCappingDisabled) return false;
    const bool in_force =
        node.rack != kNone && table_.racks[node.rack].lookup.standing == topology::RackStanding::in_force;
    if (in_force) {
      const auto& selector = topology_.taken_from[table_.racks[node.rack].lookup.element]->capping_node_selector;
      return !selector || model::matches(*selector, node.node->labels);
    }
    bool selective = false;
    for (const auto& object : topology_.readable) {
      if (!object->capping_node_selector) continue;
      selective = true;
      if (model::matches(*object->capping_node_selector, node.node->labels)) return true;
    }
    return !selective;
  }

  [[nodiscard]] policy::CapNode deleted_node(const HeldNode& held) const {
    policy::CapNode node;
    node.name = held.name;
    node.deleted = true;
    node.expected = held.booked;
    node.class_max = held.booked;
    node.limits = element_limits(held.rack);
    for (const model::DeletedNode& deleted : snapshot_.deleted_nodes) {
      if (deleted.node->name != held.name) continue;
      node.class_max = std::max(row_of(deleted.node, table_.classes, topology_).peak, held.booked);
    }
    return node;
  }

  const Books& books_;
  const model::ClusterSnapshot& snapshot_;
  const CapFacts& facts_;
  const NodeTable& table_;
  const topology::Compiled& topology_;
  std::vector<Tenants> tenants_;                              // by row
  std::vector<Power> elsewhere_;                              // by policy
  std::vector<std::vector<policy::LimitShare>> node_limits_;  // by row: of policies
  CapInput out_;
};

}  // namespace

CapInput cap_input(const Books& books, const model::ClusterSnapshot& snapshot, const CapFacts& facts) {
  return Builder(books, snapshot, facts).run();
}

}  // namespace headroom::scoring
