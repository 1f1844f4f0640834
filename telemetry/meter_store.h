// The last readings of PowerTopology's queries, by query, and their union. Pure; not thread-safe.
//
// A sum of fewer rows than before (one of a rack's two PDUs is not read) is no new reading: the last one stays and
// grows stale, for at most 15 minutes, after which the meter counts as gone. A target that a query no longer answers
// keeps its last reading, which grows stale; one whose query is gone is gone. Where a rack query and an element's own
// query name the same target, the element's power wins and the hotter inlet, unless it is more than 60 s older.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/telemetry.h"
#include "telemetry/meter_reader.h"
#include "telemetry/topology_queries.h"

namespace headroom::telemetry {

class MeterStore {
 public:
  // Keeps what the queries that stay have answered.
  void set_queries(TopologyQueries queries);
  // Ignored when the query is not one of them (any more).
  void add(const MeterQuery& query, const MeterReadings& readings);
  // Fills element_meters, rack_inlets and performance.
  void fill(model::TelemetrySnapshot& snapshot) const;

 private:
  struct Answers {
    MeterQuery query;
    std::unordered_map<std::string, model::PowerReading> meters;
    std::unordered_map<std::string, model::TemperatureReading> inlets;
    std::unordered_map<std::string, model::PerformanceReading> performance;
  };
  std::vector<Answers> answers_;  // in the order of the queries: racks first
};

}  // namespace headroom::telemetry
