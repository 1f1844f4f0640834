#include "extender/debug_json.h"

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "extender/in_flight.h"
#include "scoring/verdict.h"

namespace headroom::extender {
namespace {

using Json = nlohmann::ordered_json;

double seconds(base::Microseconds span) {
  return std::chrono::duration<double>(span).count();
}

Json celsius(const std::optional<base::Temperature>& temperature) {
  return temperature ? Json(base::to_celsius(*temperature)) : Json(nullptr);
}

std::string_view standing_text(topology::RackStanding standing) {
  switch (standing) {
    case topology::RackStanding::in_force: return "inForce";
    case topology::RackStanding::outside: return "outside";
    case topology::RackStanding::invalid: return "invalid";
  }
  return "invalid";
}

// Waiting pods refused on each rack, by reason code.
std::map<std::string, std::map<std::string, int>> refused_by_rack(const RequeueView& requeue) {
  std::map<std::string, std::map<std::string, int>> counts;
  if (requeue.decision == nullptr) return counts;
  const auto& racks = requeue.decision->books->table->racks;
  for (const WaitingPod& pod : requeue.waiting) {
    const std::string code(scoring::text_of(pod.reason).code);
    for (const std::uint32_t rack : pod.refused_racks) ++counts[racks[rack].name][code];
  }
  return counts;
}

Json inlet_json(const DebugView& view, std::size_t rack) {
  const scoring::RackInlet& inlet = view.decision.books->inlets[rack];
  if (!inlet.last) return nullptr;
  Json hot = Json::array();
  for (const auto& [limit, is_hot] : inlet.hot) {
    hot.push_back({{"limitCelsius", base::to_celsius(limit)}, {"hot", is_hot}});
  }
  return {{"celsius", base::to_celsius(inlet.last->temperature)},
          {"ageSeconds", seconds(view.now - inlet.last->time)},
          {"limits", hot}};
}

Json element_json(const topology::Element& element, const scoring::ElementLoad& load, base::Power in_flight) {
  return {{"name", element.name},
          {"type", topology::to_string(element.type)},
          {"mode", element.mode == model::EnforcementMode::enforce ? "Enforce" : "Recommend"},
          {"limitWatts", base::to_watts(element.limit)},
          {"bookedWatts", base::to_watts(load.booked)},
          {"presentWatts", base::to_watts(load.present)},
          {"measuredWatts", base::to_watts(load.measured)},
          {"unmanagedWatts", base::to_watts(load.unmanaged)},
          {"inFlightWatts", base::to_watts(in_flight)},
          {"headroomWatts", base::to_watts(element.limit - load.booked - in_flight)}};
}

Json racks_json(const DebugView& view, const InFlight& in_flight) {
  const scoring::Books& books = *view.decision.books;
  const auto refused = refused_by_rack(view.requeue);
  Json racks = Json::array();
  for (std::size_t i = 0; i < books.table->racks.size(); ++i) {
    const scoring::RackRow& rack = books.table->racks[i];
    const scoring::RackLoad& load = books.views.front().racks[i];
    Json out = {{"name", rack.name},
                {"nodes", rack.nodes.size()},
                {"standing", standing_text(rack.lookup.standing)},
                {"bookedWatts", base::to_watts(load.booked)},
                {"presentWatts", base::to_watts(load.present)},
                {"inFlightWatts", base::to_watts(in_flight.racks[i])}};
    if (rack.lookup.standing == topology::RackStanding::in_force) {
      const topology::Element& element = books.topology->elements[rack.lookup.element];
      out["limitWatts"] = base::to_watts(element.limit);
      out["headroomWatts"] = base::to_watts(element.limit - load.booked - in_flight.racks[i]);
      out["maxInletCelsius"] = celsius(element.max_inlet);
    }
    out["inlet"] = inlet_json(view, i);
    const auto counts = refused.find(rack.name);
    out["waitingRefused"] = counts == refused.end() ? Json::object() : Json(counts->second);
    racks.push_back(std::move(out));
  }
  return racks;
}

Json elements_json(const scoring::Books& books, const InFlight& in_flight) {
  Json elements = Json::array();
  for (std::size_t i = 0; i < books.topology->elements.size(); ++i) {
    elements.push_back(
        element_json(books.topology->elements[i], books.views.front().elements[i], in_flight.elements[i]));
  }
  return elements;
}

Json policies_json(const scoring::Books& books) {
  Json policies = Json::array();
  for (std::size_t i = 0; i < books.policy.size(); ++i) {
    const model::PolicyObject& policy = *books.policies->policies()[i];
    const scoring::PolicyBooks& load = books.policy[i];
    policies.push_back({{"name", model::key_of(policy)},
                        {"limitWatts", base::to_watts(policy.power_cap_limit)},
                        {"loadWatts", base::to_watts(load.load)},
                        {"members", load.members},
                        {"bound", load.bound},
                        {"placedByUs", load.placed_by_us}});
  }
  return policies;
}

std::string_view state_text(scoring::ReservationState state) {
  switch (state) {
    case scoring::ReservationState::reserved: return "reserved";
    case scoring::ReservationState::outcome_unknown: return "outcomeUnknown";
    case scoring::ReservationState::bound: return "bound";
  }
  return "reserved";
}

Json ledger_json(const DebugView& view) {
  Json entries = Json::array();
  for (const auto& entry : view.ledger.entries) {
    entries.push_back({{"pod", entry->pod},
                       {"uid", entry->pod_uid},
                       {"node", entry->node},
                       {"rack", entry->rack},
                       {"watts", base::to_watts(entry->estimate)},
                       {"state", state_text(entry->state)},
                       {"inBooks", view.decision.books->counted.contains(entry->pod_uid)},
                       {"ageSeconds", seconds(view.now - entry->since)}});
  }
  return entries;
}

Json waiting_json(const RequeueView& requeue) {
  constexpr std::size_t kShown = 200;
  Json pods = Json::array();
  for (std::size_t i = 0; i < requeue.waiting.size() && i < kShown; ++i) {
    const WaitingPod& pod = requeue.waiting[i];
    pods.push_back({{"pod", pod.pod},
                    {"fits", pod.fits},
                    {"reason", scoring::text_of(pod.reason).code},
                    {"candidateNodes", pod.candidates}});
  }
  return {
      {"leader", requeue.leader}, {"leaseHolder", requeue.holder}, {"count", requeue.waiting.size()}, {"pods", pods}};
}

Json sources_json(const DebugView& view) {
  Json sources = Json::array();
  for (const model::SourceStatus& source : view.decision.snapshot->telemetry->sources) {
    const bool ever = source.last_success != base::WallTime();
    sources.push_back({{"name", source.name},
                       {"endpoint", source.endpoint},
                       {"up", source.up},
                       {"ageSeconds", ever ? Json(seconds(view.now - source.last_success)) : Json(nullptr)},
                       {"error", source.error},
                       {"polls", source.polls},
                       {"failures", source.failures},
                       {"pollMilliseconds", static_cast<double>(source.duration.count()) / 1e3},
                       {"samples", source.samples},
                       {"junkLines", source.junk_lines},
                       {"unmatched", source.unmatched},
                       {"rejected", source.rejected},
                       {"rejectedExample", source.rejected_example}});
  }
  return sources;
}

Json api_json(const std::vector<ApiSource>& sources) {
  Json out = Json::array();
  for (const ApiSource& source : sources) {
    out.push_back(
        {{"name", source.name}, {"synced", source.synced}, {"objects", source.objects}, {"error", source.error}});
  }
  return out;
}

Json conditions_json(const scoring::Books& books) {
  constexpr std::size_t kShown = 500;
  Json conditions = Json::array();
  for (std::size_t i = 0; i < books.conditions.size() && i < kShown; ++i) {
    conditions.push_back({{"kind", scoring::to_string(books.conditions[i].kind)},
                          {"subject", scoring::describe(books, books.conditions[i])}});
  }
  return conditions;
}

Json pod_json(const model::Pod& pod) {
  return {{"pod", model::key_of(pod)},           {"uid", pod.uid},           {"node", pod.node_name},
          {"schedulerName", pod.scheduler_name}, {"priority", pod.priority}, {"unschedulable", pod.unschedulable}};
}

Json explanation_json(const scoring::Explanation& node) {
  Json limits = Json::array();
  for (const auto& limit : node.limits) {
    limits.push_back({{"kind", limit.kind},
                      {"name", limit.name},
                      {"type", limit.type},
                      {"limitWatts", base::to_watts(limit.limit)},
                      {"bookedWatts", base::to_watts(limit.booked)},
                      {"presentWatts", base::to_watts(limit.present)},
                      {"inFlightWatts", base::to_watts(limit.in_flight)},
                      {"demandWatts", base::to_watts(limit.demand)},
                      {"headroomWatts", base::to_watts(limit.headroom)},
                      {"enforced", limit.enforced}});
  }
  return {{"node", node.node},
          {"rack", node.rack},
          {"nodeClass", node.node_class},
          {"outcome", node.outcome},
          {"reason", node.reason},
          {"message", node.message},
          {"wouldRefuse", node.would_refuse},
          {"score", node.score},
          {"estimateWatts", base::to_watts(node.estimate)},
          {"provenance", node.provenance},
          {"demandWatts", base::to_watts(node.demand)},
          {"telemetry", node.telemetry},
          {"measuredWatts", base::to_watts(node.measured)},
          {"bookedWatts", base::to_watts(node.booked)},
          {"presentWatts", base::to_watts(node.present)},
          {"inletCelsius", celsius(node.inlet)},
          {"inletLimitCelsius", celsius(node.inlet_limit)},
          {"policies", node.policies},
          {"limits", limits}};
}

std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string error_page(std::string_view error) {
  return text_of({{"error", error}});
}

std::string explain_page(const model::Pod& pod, const std::vector<scoring::Explanation>& nodes) {
  Json page = pod_json(pod);
  page["nodes"] = Json::array();
  for (const auto& node : nodes) page["nodes"].push_back(explanation_json(node));
  return text_of(page);
}

std::string not_ready_page(std::string_view reason) {
  return text_of({{"ready", false}, {"reason", reason}});
}

std::string snapshot_page(const DebugView& view) {
  const scoring::Books& books = *view.decision.books;
  const InFlight in_flight = in_flight_of(books, view.ledger);
  return text_of({{"ready", view.problem.empty()},
                  {"reason", view.problem},
                  {"snapshotSequence", books.snapshot_sequence},
                  {"booksAgeSeconds", seconds(view.now - books.at)},
                  {"snapshotAgeSeconds", seconds(view.now - books.snapshot_built_at)},
                  {"nodes", books.table->nodes.size()},
                  {"pods", view.decision.snapshot->pods.size()},
                  {"crdsMissing", books.sync.crds_missing},
                  {"racks", racks_json(view, in_flight)},
                  {"elements", elements_json(books, in_flight)},
                  {"policies", policies_json(books)},
                  {"ledger", ledger_json(view)},
                  {"waiting", waiting_json(view.requeue)},
                  {"api", api_json(view.api)},
                  {"sources", sources_json(view)},
                  {"unmatchedSeries", view.decision.snapshot->telemetry->unmatched_series},
                  {"conditions", conditions_json(books)}});
}

}  // namespace headroom::extender
