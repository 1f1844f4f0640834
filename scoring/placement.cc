#include "scoring/placement.h"

#include <algorithm>
#include <chrono>

#include "scoring/judge_work.h"

namespace headroom::scoring {
namespace {

std::int64_t milliseconds(base::Microseconds elapsed) {
  return std::chrono::duration_cast<base::Milliseconds>(std::max(elapsed, base::Microseconds(0))).count();
}

}  // namespace

Placement placement_on(Judge& judge, std::uint32_t node_row, base::WallTime now) {
  const Books& books = judge.work().books;
  const model::Pod& pod = judge.work().pod;
  const NodeRow& row = books.table->nodes[node_row];
  const Verdict verdict = judge.judge_row(node_row);
  const Estimate estimate = judge.estimate_on(node_row);
  Placement placement;
  Reservation& reservation = placement.reservation;
  reservation.pod_uid = pod.uid;
  reservation.pod = model::key_of(pod);
  reservation.node = row.node->name;
  if (row.rack != kNone) reservation.rack = books.table->racks[row.rack].name;
  reservation.estimate = estimate.power;
  reservation.priority = pod.priority;
  reservation.since = now;

  DecisionRecord& record = placement.record;
  for (const policy::PolicyNumber number : judge.membership().policies) {
    const model::PolicyObject& policy = *books.policies->policies()[number];
    reservation.policies.push_back(model::key_of(policy));
    record.policies.push_back(policy.name);
  }
  record.estimate = estimate.power;
  record.provenance = to_string(estimate.provenance);
  record.rack = reservation.rack;
  record.snapshot_age_ms = milliseconds(now - books.snapshot_built_at);
  const NodeLoad& load = books.views[judge.view()].nodes[node_row];
  if (load.telemetry != TelemetryState::never) record.telemetry_age_ms = milliseconds(now - books.sampled[node_row]);
  record.score = judge.score_row(node_row);
  record.would_refuse = text_of(verdict.would_refuse).code;
  return placement;
}

}  // namespace headroom::scoring
