#include "telemetry/topology_queries.h"

#include "telemetry/promql.h"

namespace headroom::telemetry {

TopologyQueries queries_of(const std::vector<model::TopologyObject>& topologies) {
  TopologyQueries queries;
  const auto add = [&queries](MeterQuery query) {
    if (!query.ask.query.empty()) queries.push_back(std::move(query));
  };
  for (const model::TopologyObject& topology : topologies) {
    add({MeterKind::power, {topology.rack_meter_query, topology.rack_meter_freshness_query}, {}, topology.rack_label});
    add({MeterKind::inlet, {topology.rack_inlet_query, topology.rack_inlet_freshness_query}, {}, topology.rack_label});
  }
  for (const model::TopologyObject& topology : topologies) {
    for (const model::PowerElement& element : topology.elements) {
      add({MeterKind::power, {element.meter_query, element.meter_freshness_query}, element.name, topology.rack_label});
      add({MeterKind::inlet, {element.inlet_query, {}}, element.name, topology.rack_label});
    }
  }
  return queries;
}

TopologyQueries queries_of(const std::vector<model::PolicyObject>& policies) {
  TopologyQueries queries;
  for (const model::PolicyObject& policy : policies) {
    if (!policy.performance_power_ratio) continue;
    std::string query = policy.performance_query;
    if (query.empty() && !policy.selector) {
      query = "sum(rate(vllm:generation_tokens_total{namespace=\"" + escape_promql(policy.ns) + "\"}[1m]))";
    }
    if (!query.empty()) queries.push_back({MeterKind::performance, {std::move(query), {}}, model::key_of(policy), {}});
  }
  return queries;
}

}  // namespace headroom::telemetry
