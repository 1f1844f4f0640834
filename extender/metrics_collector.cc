#include <chrono>
#include <map>

#include "extender/in_flight.h"
#include "extender/metrics.h"
#include "runtime/metric_families.h"

namespace headroom::extender {
namespace {

using runtime::CollectedFamily;
using runtime::MetricLabels;
using runtime::MetricType;

void add_elements(runtime::MetricFamilies& out, const scoring::Books& books, const InFlight& in_flight) {
  for (std::size_t i = 0; i < books.topology->elements.size(); ++i) {
    const topology::Element& element = books.topology->elements[i];
    const scoring::ElementLoad& load = books.views.front().elements[i];
    const MetricLabels labels = {{"element", element.name}, {"type", std::string(topology::to_string(element.type))}};
    out.gauge("headroom_element_limit_watts", "Limit of an element: ratedWatts x continuousPercent.", labels,
              base::to_watts(element.limit));
    out.gauge("headroom_element_booked_watts", "What admission counts for an element, without bindings in flight.",
              labels, base::to_watts(load.booked));
    out.gauge("headroom_element_present_watts", "Metered load of an element plus pods that no sample covers yet.",
              labels, base::to_watts(load.present));
    out.gauge("headroom_element_unmanaged_watts", "Part of an element's load that no node accounts for.", labels,
              base::to_watts(load.unmanaged));
    out.gauge("headroom_element_in_flight_watts", "Reserved by bindings that the books do not show yet.", labels,
              base::to_watts(in_flight.elements[i]));
    out.gauge("headroom_element_headroom_watts", "Limit minus booked minus in flight; negative past the limit.", labels,
              base::to_watts(element.limit - load.booked - in_flight.elements[i]));
  }
}

void add_racks(runtime::MetricFamilies& out, const scoring::Books& books, const InFlight& in_flight) {
  for (std::size_t i = 0; i < books.table->racks.size(); ++i) {
    const scoring::RackLoad& load = books.views.front().racks[i];
    const MetricLabels labels = {{"rack", books.table->racks[i].name}};
    out.gauge("headroom_rack_booked_watts", "What admission counts for a rack, without bindings in flight.", labels,
              base::to_watts(load.booked));
    out.gauge("headroom_rack_present_watts", "Metered load of a rack plus pods that no sample covers yet.", labels,
              base::to_watts(load.present));
    out.gauge("headroom_rack_in_flight_watts", "Reserved by bindings that the books do not show yet.", labels,
              base::to_watts(in_flight.racks[i]));
    const auto& inlet = books.inlets[i].last;
    if (!inlet) continue;
    out.gauge("headroom_rack_inlet_celsius", "Highest inlet temperature of a rack.", labels,
              base::to_celsius(inlet->temperature));
  }
}

void add_policies(runtime::MetricFamilies& out, const scoring::Books& books) {
  for (std::size_t i = 0; i < books.policy.size(); ++i) {
    const model::PolicyObject& policy = *books.policies->policies()[i];
    const MetricLabels labels = {{"namespace", policy.ns}, {"policy", policy.name}};
    out.gauge("headroom_policy_load_watts", "Load of a policy's members on nodes.", labels,
              base::to_watts(books.policy[i].load));
    out.gauge("headroom_policy_limit_watts", "powerCapLimit of a policy.", labels,
              base::to_watts(policy.power_cap_limit));
  }
}

// All endpoints of one Service have one name: their series are summed, for two equal series spoil a scrape.
struct SourceSum {
  double endpoints = 0;
  double up = 0;
  double polls = 0;
  double failures = 0;
  double junk_lines = 0;
  double rejected = 0;
  double unmatched = 0;
};

void add_telemetry(runtime::MetricFamilies& out, const model::TelemetrySnapshot& telemetry) {
  std::map<std::string, SourceSum> sums;
  for (const model::SourceStatus& source : telemetry.sources) {
    SourceSum& sum = sums[source.name];
    sum.endpoints += 1;
    sum.up += source.up ? 1 : 0;
    sum.polls += static_cast<double>(source.polls);
    sum.failures += static_cast<double>(source.failures);
    sum.junk_lines += static_cast<double>(source.junk_lines);
    sum.rejected += static_cast<double>(source.rejected);
    sum.unmatched += static_cast<double>(source.unmatched);
  }
  for (const auto& [name, sum] : sums) {
    const MetricLabels labels = {{"source", name}};
    out.gauge("headroom_telemetry_source_up", "Share of a source's endpoints that answer: 1 when all do.", labels,
              sum.up / sum.endpoints);
    out.gauge("headroom_telemetry_source_endpoints", "Endpoints of a source.", labels, sum.endpoints);
    out.counter("headroom_telemetry_polls_total", "Polls of a source's endpoints.", labels, sum.polls);
    out.counter("headroom_telemetry_poll_failures_total", "Polls that failed.", labels, sum.failures);
    out.gauge("headroom_telemetry_junk_lines", "Lines of the last polls that were no samples.", labels, sum.junk_lines);
    out.gauge("headroom_telemetry_rejected_values", "Values of the last polls that no machine has.", labels,
              sum.rejected);
    out.gauge("headroom_telemetry_source_unmatched_series", "Series of a source that no node could be found for.",
              labels, sum.unmatched);
  }
  out.gauge("headroom_telemetry_unmatched_series", "Series that no node could be found for.", {},
            static_cast<double>(telemetry.unmatched_count));
}

void add_conditions(runtime::MetricFamilies& out, const scoring::Books& books) {
  std::map<std::string_view, int> counts;
  for (const scoring::Condition& condition : books.conditions) ++counts[scoring::to_string(condition.kind)];
  for (const auto& [kind, count] : counts) {
    out.gauge("headroom_conditions", "Things people should know, by kind; /debug/snapshot names them.",
              {{"kind", std::string(kind)}}, count);
  }
}

void add_decision(runtime::MetricFamilies& out, const Decision& decision, const scoring::LedgerView& ledger,
                  base::MonoTime now) {
  const scoring::Books& books = *decision.books;
  const InFlight in_flight = in_flight_of(books, ledger);
  const double age = std::chrono::duration<double>(now - decision.kept_at).count();
  out.gauge("headroom_books_age_seconds", "Since the books were last kept.", {}, age);
  out.gauge("headroom_nodes", "Nodes in the books.", {}, static_cast<double>(books.table->nodes.size()));
  out.gauge("headroom_in_flight_watts", "Reserved by bindings that the books do not show yet, over all nodes.", {},
            base::to_watts(in_flight.total));
  add_elements(out, books, in_flight);
  add_racks(out, books, in_flight);
  add_policies(out, books);
  add_conditions(out, books);
  add_telemetry(out, *decision.snapshot->telemetry);
}

void add_ledger(runtime::MetricFamilies& out, const scoring::LedgerView& ledger, base::WallTime now) {
  double unknown = 0;
  base::Microseconds oldest{0};
  for (const auto& entry : ledger.entries) {
    if (entry->state == scoring::ReservationState::outcome_unknown) ++unknown;
    oldest = std::max<base::Microseconds>(oldest, now - entry->since);
  }
  out.gauge("headroom_ledger_entries", "Pods with a reservation.", {}, static_cast<double>(ledger.entries.size()));
  out.gauge("headroom_ledger_unknown", "Reservations whose binding has an unknown outcome and is being repeated.", {},
            unknown);
  out.gauge("headroom_ledger_oldest_seconds", "Age of the oldest reservation.", {},
            std::chrono::duration<double>(oldest).count());
}

}  // namespace

runtime::MetricCollector make_collector(ScrapeSources sources) {
  return [sources] {
    runtime::MetricFamilies out;
    const auto ledger = sources.ledger.view();
    const auto decision = sources.decisions.load();
    out.gauge("headroom_synced", "1 once nodes, pods, policies and topologies have been listed.", {},
              decision == nullptr ? 0 : 1);
    add_ledger(out, *ledger, sources.clock.wall_now());
    if (decision != nullptr) add_decision(out, *decision, *ledger, sources.clock.mono_now());
    const auto requeue = sources.requeue.view();
    out.gauge("headroom_requeue_leader", "1 while the kube-scheduler beside this extender holds its Lease.", {},
              requeue->leader ? 1 : 0);
    out.gauge("headroom_waiting_pods", "Pods of our scheduler that wait, as of the last requeue round.", {},
              static_cast<double>(requeue->waiting.size()));
    return out.take();
  };
}

}  // namespace headroom::extender
