#include "controller/plan_caps.h"

#include <cmath>
#include <optional>
#include <utility>

#include "controller/wording.h"

namespace headroom::controller {
namespace {

using policy::CapReach;
using policy::LimitKind;
using scoring::kNone;

std::string watts(base::Power power) {
  return std::to_string((power.count() + 999'999) / 1'000'000) + " W";
}

// Nodes of one policy or topology, sorted by how they stand.
struct Tally {
  CapNumbers nodes;
  std::map<std::string, std::vector<std::string>> failed;  // by what keeps orders from them
  std::vector<std::string> pending;
  std::vector<std::string> below_floor;
  std::vector<std::string> recommended;
  std::optional<std::pair<std::string, std::string>> unwritten;  // a node whose order could not be written, and why
  bool wanted = false;
};

std::string lack_text(policy::RatioLack lack, const model::PolicyObject& object) {
  if (object.selector && object.performance_query.empty()) return "a policy with a selector needs performanceQuery";
  switch (lack) {
    case policy::RatioLack::nodes: return "the policy may act on no node";
    case policy::RatioLack::performance: return "no fresh sample of performance from a Prometheus";
    case policy::RatioLack::watts: return "not every node of its members is freshly metered";
    case policy::RatioLack::best: return "the first 5 minutes, or the first after a gap, are not over";
    case policy::RatioLack::load: return "performance is under 5 % of its best";
    case policy::RatioLack::orders: return "orders are on their way";
  }
  return "";
}

StatusCondition ratio_condition(const RatioFinding& finding, const model::PolicyObject& object) {
  const std::string held =
      finding.held_to ? "; members are held to " + watts(*finding.held_to) : "; all of powerCapLimit is theirs";
  switch (finding.verdict) {
    case policy::RatioVerdict::no_data:
      return {"PerformanceRatio", false, "NoPerformanceData", lack_text(finding.lack, object) + held};
    case policy::RatioVerdict::below:
      return {"PerformanceRatio", false, "BelowTarget", "the watts buy too little" + held};
    case policy::RatioVerdict::above:
      return {"PerformanceRatio", false, "AboveTarget", "more watts would be worth it" + held};
    case policy::RatioVerdict::within: break;
  }
  return {"PerformanceRatio", true, "WithinTolerance", "nothing moves" + held};
}

class Planner {
 public:
  explicit Planner(const CapsReport& report)
      : report_(report), round_(*report.round), node_of_row_(round_.books->table->nodes.size(), kNone) {
    const auto& rows = round_.input.row_of_node;
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != kNone) node_of_row_[rows[i]] = i;
    }
  }

  CapPlan plan() {
    CapPlan plan;
    const auto& policies = round_.books->policies->policies();
    for (std::uint32_t i = 0; i < policies.size() && i < round_.input.policies.size(); ++i) {
      CapFindings found = of_policy(*policies[i], i);
      add_ratio(*policies[i], found);
      plan.policies.emplace(model::key_of(*policies[i]), std::move(found));
    }
    for (const auto& object : round_.books->topology->readable) {
      plan.topologies.emplace(object->name, of_topology(*object));
    }
    return plan;
  }

 private:
  void count(std::uint32_t node, Tally& tally) const {
    const policy::CapNode& one = round_.input.allocate.nodes[node];
    const policy::NodeReport& report = round_.allocation.nodes[node];
    tally.wanted = tally.wanted || report.wanted;
    if (report.recommended) tally.recommended.push_back(one.name);
    if (report.below_floor) tally.below_floor.push_back(one.name);
    switch (node_cap_state(one, report)) {
      case NodeCapState::none: break;
      case NodeCapState::capped: ++tally.nodes.capped; break;
      case NodeCapState::pending:
        ++tally.nodes.pending;
        tally.pending.push_back(one.name);
        if (const auto why = report_.unwritten.find(one.name); why != report_.unwritten.end()) tally.unwritten = *why;
        break;
      case NodeCapState::failed:
        ++tally.nodes.failed;
        tally.failed[std::string(policy::to_string(report.charge.reach))].push_back(one.name);
        break;
    }
  }

  CapFindings of_policy(const model::PolicyObject& policy, std::uint32_t number) const {
    const scoring::PolicyReach& reach = round_.input.policies[number];
    Tally tally;
    for (const auto row : reach.acting) {
      if (node_of_row_[row] != kNone) count(node_of_row_[row], tally);
    }
    CapFindings found{tally.nodes, {}};
    const bool asks = reach.wants_caps || tally.wanted || !tally.recommended.empty();
    if (policy.mode == model::EnforcementMode::recommend) {
      if (asks) found.conditions.push_back(recommending(tally));
      return found;
    }
    if (asks && reach.denied) {
      found.conditions.push_back(
          {"Capped", false, "Denied", "a PowerTopology says policyNodeCaps: Deny; powerCapLimit holds by admission"});
    } else if (reach.acting.empty() && !reach.shared.empty()) {
      found.conditions.push_back({"Capped", false, "SharedNodes",
                                  "pods of others run on " + counted(names_of(reach.shared), "node") +
                                      "; there powerCapLimit holds by admission, and nodeCaps do not"});
    } else if (asks && reach.acting.empty()) {
      found.conditions.push_back({"Capped", false, "NoNodes", "no member runs on a node yet"});
    } else if (asks) {
      found.conditions.push_back(capped(tally, names_of(reach.shared)));
    }
    std::vector<std::string> conflicts = conflicts_of(
        [&](const policy::CapLimit& limit) { return limit.kind != LimitKind::element && limit.subject == number; });
    if (!tally.below_floor.empty()) {
      conflicts.push_back("less is asked for than the floors of " + counted(tally.below_floor, "node") +
                          "; there the floor holds");
    }
    add_conflict(conflicts, found);
    return found;
  }

  void add_ratio(const model::PolicyObject& object, CapFindings& found) const {
    const auto finding = round_.ratios.find(model::key_of(object));
    if (finding == round_.ratios.end()) return;
    found.conditions.push_back(ratio_condition(finding->second, object));
    if (!finding->second.ratio) return;
    const double rounded = std::round(*finding->second.ratio * 100) / 100;
    found.ratio = RatioNumbers{rounded, finding->second.verdict == policy::RatioVerdict::within};
  }

  CapFindings of_topology(const model::TopologyObject& object) const {
    CapFindings found;
    if (object.capping == model::CappingMode::off) return found;
    Tally tally;
    const auto& rows = round_.input.row_of_node;
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != kNone && stands_in(rows[i], object.name)) count(i, tally);
    }
    found.nodes = tally.nodes;
    found.conditions.push_back(object.capping == model::CappingMode::recommend ? recommending(tally)
                                                                               : capped(tally, {}));
    add_conflict(conflicts_of([&](const policy::CapLimit& limit) { return belongs_to(limit, object.name); }), found);
    add_states(object.name, found);
    return found;
  }

  // Above the threshold, past the limit by others' watts, or in emergency.
  void add_states(const std::string& object, CapFindings& found) const {
    std::vector<std::string> tight;
    std::vector<std::string> excess;
    std::vector<std::string> braking;
    for (std::size_t i = 0; i < round_.allocation.limits.size(); ++i) {
      const policy::CapLimit& limit = round_.input.allocate.limits[i];
      const policy::LimitReport& report = round_.allocation.limits[i];
      if (!belongs_to(limit, object)) continue;
      if (report.tight) tight.push_back(limit.name);
      if (report.braking) braking.push_back(limit.name);
      if (report.excess > base::Power{}) excess.push_back(limit.name + " by " + watts(report.excess));
    }
    if (!tight.empty()) {
      found.conditions.push_back(
          {"Tight", true, "AboveThreshold", "load is above cappingThreshold, budgets tighten: " + listed(tight)});
    }
    if (!braking.empty()) {
      found.conditions.push_back(
          {"Emergency", true, "Braking", "load is above the emergency limit, nodes go to floors: " + listed(braking)});
    }
    if (!excess.empty()) {
      found.conditions.push_back(
          {"Excess", true, "NotOurs", "nodes that no cap holds may draw more than the limit: " + listed(excess)});
    }
  }

  static StatusCondition recommending(const Tally& tally) {
    if (tally.recommended.empty()) {
      return {"Capped", false, "Recommending", "orders nothing; Enforce would hold no node to less than now"};
    }
    return {"Capped", false, "Recommending",
            "orders nothing; Enforce would hold to less " + counted(tally.recommended, "node")};
  }

  static StatusCondition capped(const Tally& tally, const std::vector<std::string>& shared) {
    std::string suffix;
    if (!shared.empty()) suffix = "; shared with pods of others and left alone: " + counted(shared, "node");
    if (tally.nodes.failed > 0) {
      std::string text = "orders do not reach";
      const char* separator = " ";
      for (const auto& [why, nodes] : tally.failed) {
        text += separator + counted(nodes, "node") + " (" + why + ")";
        separator = ", ";
      }
      return {"Capped", false, "NodesFailed", text + suffix};
    }
    if (tally.unwritten) {
      return {"Capped", false, "NotOrdered", tally.unwritten->first + ": " + tally.unwritten->second + suffix};
    }
    if (tally.nodes.pending > 0) {
      return {"Capped", false, "Pending", "ordered, not read back yet: " + counted(tally.pending, "node") + suffix};
    }
    if (tally.nodes.capped == 0) return {"Capped", false, "NoNodes", "no node is to be capped" + suffix};
    return {"Capped", true, "InForce", "read back on " + std::to_string(tally.nodes.capped) + " nodes" + suffix};
  }

  template <class IsOurs>
  std::vector<std::string> conflicts_of(const IsOurs& is_ours) const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < round_.allocation.limits.size(); ++i) {
      const policy::CapLimit& limit = round_.input.allocate.limits[i];
      const base::Power shortfall = round_.allocation.limits[i].shortfall;
      if (shortfall <= base::Power{} || !is_ours(limit)) continue;
      lines.push_back(limit.name + ": floors and what cannot be capped need " + watts(shortfall) +
                      " more than there is");
    }
    return lines;
  }

  static void add_conflict(const std::vector<std::string>& lines, CapFindings& found) {
    if (lines.empty()) return;
    found.conditions.push_back({"Conflicted", true, "FloorsHold", all_lines(lines)});
  }

  [[nodiscard]] bool belongs_to(const policy::CapLimit& limit, const std::string& object) const {
    return limit.kind == LimitKind::element && round_.books->topology->elements[limit.subject].object == object;
  }

  [[nodiscard]] bool stands_in(std::uint32_t row, const std::string& object) const {
    const std::uint32_t rack = round_.books->table->nodes[row].rack;
    if (rack == kNone) return false;
    const auto& lookup = round_.books->table->racks[rack].lookup;
    return lookup.standing == topology::RackStanding::in_force &&
           round_.books->topology->elements[lookup.element].object == object;
  }

  [[nodiscard]] std::vector<std::string> names_of(const std::vector<std::uint32_t>& rows) const {
    std::vector<std::string> names;
    for (const auto row : rows) names.push_back(round_.books->table->nodes[row].node->name);
    return names;
  }

  const CapsReport& report_;
  const CapRound& round_;
  std::vector<std::uint32_t> node_of_row_;
};

CapFindings found_in(const std::map<std::string, CapFindings, std::less<>>& all, const std::string& name,
                     const std::string& problem) {
  const auto found = all.find(name);
  CapFindings findings = found == all.end() ? CapFindings() : found->second;
  if (problem.empty()) return findings;
  std::erase_if(findings.conditions, [](const StatusCondition& c) { return c.type == "Capped"; });
  findings.conditions.push_back({"Capped", false, "NotOrdered", problem});
  return findings;
}

}  // namespace

NodeCapState node_cap_state(const policy::CapNode& node, const policy::NodeReport& report) {
  if (!report.wanted) return NodeCapState::none;
  switch (report.charge.reach) {
    case CapReach::acknowledged:
      return node.cap && model::acknowledged(*node.cap) ? NodeCapState::capped : NodeCapState::pending;
    case CapReach::none:
    case CapReach::unheard:
    case CapReach::rebooted:
    case CapReach::releasing:
      return node.agent == policy::AgentPresence::unready_past_grace ? NodeCapState::failed : NodeCapState::pending;
    case CapReach::observing:
    case CapReach::silent: return NodeCapState::failed;
  }
  return NodeCapState::failed;
}

CapPlan plan_caps(const CapsReport& report) {
  CapPlan plan = report.round ? Planner(report).plan() : CapPlan();
  plan.problem = report.problem;
  return plan;
}

CapFindings findings_of(const CapPlan& plan, const model::PolicyObject& policy) {
  return found_in(plan.policies, model::key_of(policy), policy.node_caps.empty() ? std::string() : plan.problem);
}

CapFindings findings_of(const CapPlan& plan, const model::TopologyObject& topology) {
  return found_in(plan.topologies, topology.name,
                  topology.capping == model::CappingMode::enforce ? plan.problem : std::string());
}

}  // namespace headroom::controller
