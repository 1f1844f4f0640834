// Asks the queries of PowerTopology and says which element or rack each row speaks of. Pure but for the QueryApi.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/telemetry.h"
#include "telemetry/sample_source.h"
#include "telemetry/topology_queries.h"

namespace headroom::telemetry {

struct MeterReadings {
  std::vector<std::pair<std::string, model::PowerReading>> meters;             // by element or rack
  std::vector<std::pair<std::string, model::TemperatureReading>> inlets;       // by rack
  std::vector<std::pair<std::string, model::PerformanceReading>> performance;  // by policy
  std::vector<std::string> problems;  // rows that could not be used, in words; a query without rows
};

// Errors: what the API said, with the query in front.
//
// Rows of a rack query name their rack in label `rack`, in the topology's rack label with every character that
// Prometheus does not allow replaced by '_' (also with kube-state-metrics' "label_" before it), or in their only label.
[[nodiscard]] base::Result<MeterReadings> read_meters(QueryApi& api, const MeterQuery& query);

}  // namespace headroom::telemetry
