// The PromQL of PowerTopology objects (meters of elements and racks, inlet sensors of racks) and of policies with a
// performancePowerRatio. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/policy.h"
#include "model/telemetry.h"
#include "model/topology.h"

namespace headroom::telemetry {

// A query and what tells the age of its data: for a bare selector its own timestamp(); for a composed query the
// freshness query, which is a bare selector of the series behind it, or an expression that gives Unix seconds
// ("min by (rack) (timestamp(pdu_watts))"). Composed without one: Grade::age_unknown.
struct AgedQuery {
  std::string query;  // empty: none
  std::string freshness;

  bool operator==(const AgedQuery&) const = default;
};

enum class MeterKind { power, inlet, performance };

struct MeterQuery {
  MeterKind kind = MeterKind::power;
  AgedQuery ask;
  // All rows together are this element's: power is summed, of inlets the highest counts. Of performance: the policy
  // ("namespace/name"), and one row.
  std::string element;
  std::string rack_label;  // element empty: one row or more per rack. The node label that names racks

  bool operator==(const MeterQuery&) const = default;
};

using TopologyQueries = std::vector<MeterQuery>;

[[nodiscard]] TopologyQueries queries_of(const std::vector<model::TopologyObject>& topologies);
// Of those with a performancePowerRatio and a query: their own, or without a selector the namespace's vLLM tokens.
[[nodiscard]] TopologyQueries queries_of(const std::vector<model::PolicyObject>& policies);

}  // namespace headroom::telemetry
