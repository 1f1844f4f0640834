#include "rapl-agent/status_plan.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

namespace headroom::rapl_agent {
namespace {

using model::CapCondition;
using model::NodePowerCapStatus;

constexpr std::size_t kLongestMessage = 1024;

std::string kind_of(core::DomainKind kind) {
  return kind == core::DomainKind::cpu_package ? "package" : std::string(core::to_string(kind));
}

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += (text.empty() ? "" : "; ") + sentence;
  if (text.size() > kLongestMessage) text.resize(kLongestMessage);
  return text;
}

// In control of at least one domain: what the controller asks for can be had.
CapCondition ready_condition(const core::AgentReport& report) {
  CapCondition ready{std::string(model::kCapConditionReady), false, "NoHardware", joined(report.notes), {}};
  if (!report.hardware) {
    if (ready.message.empty()) ready.message = "nothing on this node can be capped";
    return ready;
  }
  std::vector<std::string> troubles;
  bool any_ok = false;
  for (const core::DomainReport& domain : report.domains) {
    if (!domain.cappable) continue;
    if (domain.health == core::Health::ok) {
      any_ok = true;
    } else {
      troubles.push_back(domain.id + " " + std::string(core::to_string(domain.health)) + ": " + domain.detail);
    }
  }
  if (report.mode != core::AgentMode::enforce) {
    ready.reason = report.mode == core::AgentMode::observe ? "Observing" : "DryRun";
    ready.message = "the agent's own mode writes nothing";
    if (!report.notes.empty()) ready.message += "; " + joined(report.notes);
    return ready;
  }
  ready.holds = any_ok;
  ready.reason = !any_ok ? "NoDomainInControl" : troubles.empty() ? "InControl" : "PartlyInControl";
  ready.message = troubles.empty() ? report.state_reason : joined(troubles);
  if (!any_ok && !report.notes.empty()) ready.message += "; " + joined(report.notes);
  return ready;
}

CapCondition infeasible_condition(const core::AgentReport& report) {
  CapCondition condition{std::string(model::kCapConditionInfeasible),
                         report.infeasible,
                         report.infeasible ? "FloorsAboveBudget" : "Feasible",
                         "",
                         {}};
  if (!report.order_problem.empty()) {
    condition.reason = "OrderRefused";
    condition.holds = true;
    condition.message = report.order_problem;
  } else if (report.infeasible) {
    condition.message = "floors and what cannot be changed need " +
                        std::to_string(static_cast<long long>(base::to_watts(report.shortfall) + 0.999)) +
                        " W more than the budget";
  }
  return condition;
}

// A domain that draws what it may is held back, or about to be.
CapCondition throttled_condition(const core::AgentReport& report) {
  CapCondition condition{std::string(model::kCapConditionThrottled), false, "BelowCaps", "", {}};
  for (const core::DomainReport& domain : report.domains) {
    if (!domain.power || !domain.cap || !domain.enforced) continue;
    if (*domain.power < base::scaled_up(*domain.enforced, base::percent(95))) continue;
    condition.holds = true;
    condition.reason = "AtCap";
    condition.message += (condition.message.empty() ? "at the cap: " : ", ") + domain.id;
  }
  return condition;
}

void keep_since(CapCondition& condition, const NodePowerCapStatus& previous, base::WallTime now) {
  condition.since = now;
  for (const CapCondition& old : previous.conditions) {
    if (old.type == condition.type && old.holds == condition.holds && old.since) condition.since = old.since;
  }
}

bool differs(std::optional<base::Power> a, std::optional<base::Power> b) {
  if (a.has_value() != b.has_value()) return true;
  if (!a) return false;
  const std::int64_t apart = std::abs(a->count() - b->count());
  return apart * 100 > std::max(std::abs(a->count()), std::abs(b->count()));
}

// What is told at once about domains: which there are and how they are.
bool same_domains(const std::vector<model::CapDomain>& a, const std::vector<model::CapDomain>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.id == y.id && x.kind == y.kind && x.health == y.health;
  });
}

bool same_conditions(const std::vector<CapCondition>& a, const std::vector<CapCondition>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.type == y.type && x.holds == y.holds && x.reason == y.reason;
  });
}

// Of all domains together: the controller takes the sum off the node's meter. One without a sample makes it unknown.
std::optional<base::Power> metered_domains(const NodePowerCapStatus& status) {
  base::Power sum;
  for (const model::CapDomain& domain : status.domains) {
    if (!domain.measured) return std::nullopt;
    sum += *domain.measured;
  }
  return sum;
}

bool measured_differs(const NodePowerCapStatus& a, const NodePowerCapStatus& b) {
  if (differs(a.measured, b.measured) || differs(metered_domains(a), metered_domains(b))) return true;
  for (std::size_t i = 0; i < a.domains.size(); ++i) {
    if (differs(a.domains[i].cap, b.domains[i].cap) || differs(a.domains[i].enforced, b.domains[i].enforced))
      return true;
  }
  return false;
}

}  // namespace

NodePowerCapStatus status_of(const core::AgentReport& report, const NodePowerCapStatus& previous, base::WallTime now) {
  NodePowerCapStatus status;
  status.state = report.state;
  status.boot_id = report.boot_id;
  status.applied = report.applied;
  status.min = report.min;
  status.max = report.max;
  status.measured = report.node_power;
  if (report.observed) status.observed = model::ObservedCap{report.observed->uid, report.observed->stamp};
  for (const core::DomainReport& domain : report.domains) {
    if (domain.cappable) {
      // A counter shown twice has a reading in one of its domains only (powercap/domains.cc).
      status.domains.push_back(
          {domain.id, kind_of(domain.kind), domain.cap, domain.enforced, domain.health, domain.power});
    }
  }
  std::sort(status.domains.begin(), status.domains.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  status.conditions = {infeasible_condition(report), ready_condition(report), throttled_condition(report)};
  for (CapCondition& condition : status.conditions) keep_since(condition, previous, now);
  status.last_updated = now;
  return status;
}

Worth worth_writing(const NodePowerCapStatus& written, const NodePowerCapStatus& wanted) {
  const bool at_once = written.state != wanted.state || written.boot_id != wanted.boot_id ||
                       written.observed != wanted.observed || differs(written.applied, wanted.applied) ||
                       differs(written.min, wanted.min) || differs(written.max, wanted.max) ||
                       !same_domains(written.domains, wanted.domains) ||
                       !same_conditions(written.conditions, wanted.conditions);
  if (at_once) return Worth::now;
  return measured_differs(written, wanted) ? Worth::later : Worth::nothing;
}

}  // namespace headroom::rapl_agent
