#include "controller/cap_metrics.h"

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "controller/plan_caps.h"

namespace headroom::controller {
namespace {

using runtime::CollectedFamily;
using runtime::MetricLabels;
using runtime::MetricType;

CollectedFamily family(const char* name, const char* help, MetricType type) {
  return {{name, help}, type, {}};
}

CollectedFamily gauge(const char* name, const char* help, double value) {
  auto made = family(name, help, MetricType::gauge);
  made.samples.push_back({{}, value});
  return made;
}

void add_limits(const CapRound& round, std::vector<CollectedFamily>& all) {
  auto capacity = family("headroom_cap_limit_watts", "What the charges of the nodes under a limit must stay within.",
                         MetricType::gauge);
  auto charged = family("headroom_cap_charged_watts", "Sum of the charges under a limit.", MetricType::gauge);
  auto shortfall =
      family("headroom_cap_shortfall_watts",
             "What floors and nodes out of reach need beyond a limit: it cannot be kept by caps.", MetricType::gauge);
  auto braking = family("headroom_cap_braking", "1 while the nodes under a limit are braked.", MetricType::gauge);
  for (std::size_t i = 0; i < round.allocation.limits.size(); ++i) {
    const policy::CapLimit& limit = round.input.allocate.limits[i];
    const policy::LimitReport& report = round.allocation.limits[i];
    const MetricLabels labels{{"limit", limit.name}};
    capacity.samples.push_back({labels, base::to_watts(limit.capacity)});
    charged.samples.push_back({labels, base::to_watts(report.charged)});
    shortfall.samples.push_back({labels, base::to_watts(report.shortfall)});
    braking.samples.push_back({labels, report.braking ? 1.0 : 0.0});
  }
  for (auto* made : {&capacity, &charged, &shortfall, &braking}) all.push_back(std::move(*made));
}

void add_nodes(const CapRound& round, std::vector<CollectedFamily>& all) {
  auto budget = family("headroom_node_budget_watts", "What a node was ordered to draw at most.", MetricType::gauge);
  auto charged = family("headroom_node_charged_watts", "What a node counts for under its limits.", MetricType::gauge);
  std::map<NodeCapState, int> counts{{NodeCapState::capped, 0}, {NodeCapState::pending, 0}, {NodeCapState::failed, 0}};
  for (std::size_t i = 0; i < round.allocation.nodes.size(); ++i) {
    const policy::CapNode& node = round.input.allocate.nodes[i];
    const policy::NodeReport& report = round.allocation.nodes[i];
    const NodeCapState state = node_cap_state(node, report);
    if (state == NodeCapState::none) continue;
    ++counts[state];
    const MetricLabels labels{{"node", node.name}};
    if (report.budget) budget.samples.push_back({labels, base::to_watts(*report.budget)});
    charged.samples.push_back({labels, base::to_watts(report.charge.charged)});
  }
  auto nodes = family("headroom_cap_nodes", "Nodes that caps act on, by how they stand.", MetricType::gauge);
  nodes.samples.push_back({{{"state", "capped"}}, static_cast<double>(counts[NodeCapState::capped])});
  nodes.samples.push_back({{{"state", "pending"}}, static_cast<double>(counts[NodeCapState::pending])});
  nodes.samples.push_back({{{"state", "failed"}}, static_cast<double>(counts[NodeCapState::failed])});
  for (auto* made : {&budget, &charged, &nodes}) all.push_back(std::move(*made));
}

}  // namespace

std::vector<CollectedFamily> cap_families(const CapsReport& report) {
  std::vector<CollectedFamily> all;
  all.push_back(gauge("headroom_caps_leads", "1 while this replica orders caps.", report.leads ? 1 : 0));
  all.push_back(
      gauge("headroom_caps_paused", "1 while the heartbeat Lease says that caps are paused.", report.paused ? 1 : 0));
  all.push_back(gauge("headroom_caps_epoch", "Of this replica's orders.", static_cast<double>(report.epoch)));
  all.push_back(gauge("headroom_cap_round_seconds", "How long the last round took, writes included.",
                      std::chrono::duration<double>(report.last_round).count()));
  auto rounds = family("headroom_cap_rounds_total", "Rounds; only after a completed one the heartbeat is renewed.",
                       MetricType::counter);
  rounds.samples.push_back({{{"result", "completed"}}, static_cast<double>(report.rounds)});
  rounds.samples.push_back({{{"result", "failed"}}, static_cast<double>(report.rounds_failed)});
  all.push_back(std::move(rounds));
  auto writes = family("headroom_cap_writes_total", "Orders to the API server, by result.", MetricType::counter);
  writes.samples.push_back({{{"result", "written"}}, static_cast<double>(report.writes)});
  writes.samples.push_back({{{"result", "failed"}}, static_cast<double>(report.write_failures)});
  writes.samples.push_back({{{"result", "outranked"}}, static_cast<double>(report.outranked)});
  all.push_back(std::move(writes));
  if (report.round == nullptr) return all;
  add_limits(*report.round, all);
  add_nodes(*report.round, all);
  return all;
}

}  // namespace headroom::controller
