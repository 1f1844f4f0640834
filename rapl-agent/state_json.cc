#include <nlohmann/json.hpp>

#include "rapl-agent/pages.h"

namespace headroom::rapl_agent {
namespace {

using Json = nlohmann::ordered_json;

Json watts(std::optional<base::Power> power) {
  return power ? Json(base::to_watts(*power)) : Json();
}
Json seconds(std::optional<base::Microseconds> span) {
  return span ? Json(std::chrono::duration<double>(*span).count()) : Json();
}
template <class T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}
Json order_json(const std::optional<core::OrderId>& order) {
  if (!order) return Json();
  return {{"uid", order->uid}, {"epoch", order->stamp.epoch}, {"sequence", order->stamp.sequence}};
}

Json controls_json(const core::DomainReport& domain) {
  Json controls = Json::array();
  for (const core::ControlReport& control : domain.controls) {
    controls.push_back({{"surface", core::to_string(control.key.surface)},
                        {"field", core::to_string(control.key.field)},
                        {"original", value_or_null(control.original)},
                        {"requested", value_or_null(control.requested)},
                        {"readBack", value_or_null(control.read_back)}});
  }
  return controls;
}

Json domain_json(const core::DomainReport& domain) {
  Json json{{"id", domain.id},
            {"kind", core::to_string(domain.kind)},
            {"source", domain.source},
            {"label", domain.label},
            {"health", core::to_string(domain.health)},
            {"detail", domain.detail},
            {"cappable", domain.cappable},
            {"powerWatts", watts(domain.power)},
            {"energyJoules", base::to_joules(domain.energy_total)}};
  if (domain.temperature) json["temperatureCelsius"] = base::to_celsius(*domain.temperature);
  if (domain.cappable) {
    json["floorWatts"] = watts(domain.floor);
    json["ceilingWatts"] = watts(domain.ceiling);
    json["originalWatts"] = watts(domain.original);
    json["capWatts"] = watts(domain.cap);
    json["enforcedWatts"] = watts(domain.enforced);
    json["chargedWatts"] = watts(domain.charged);
    json["enabled"] = value_or_null(domain.enabled);
    json["writes"] = {{"ok", domain.writes_ok}, {"failed", domain.writes_failed}};
    json["externalChanges"] = domain.external_changes;
  }
  json["controls"] = controls_json(domain);
  json["samplesDiscarded"] = domain.samples_discarded;
  json["readErrors"] = domain.read_errors;
  return json;
}

}  // namespace

std::string state_json(const core::AgentReport& report, const PagesView& view) {
  Json json{{"node", view.node},
            {"mode", core::to_string(report.mode)},
            {"state", core::to_string(report.state)},
            {"reason", report.state_reason},
            {"bootID", report.boot_id},
            {"ticks", report.ticks},
            {"apiServer", view.api_problem()},
            {"controllerFresh", report.controller_fresh},
            {"paused", report.paused},
            {"leaseRemainingSeconds", seconds(report.lease_remaining)},
            {"accepted", order_json(report.accepted)},
            {"observed", order_json(report.observed)},
            {"orderProblem", report.order_problem},
            {"budgetWatts", watts(report.budget)},
            {"budgetSource", report.budget_source},
            {"reserveWatts", watts(report.reserve)},
            {"reserveBasis", report.reserve_basis},
            {"appliedWatts", watts(report.applied)},
            {"minWatts", watts(report.min)},
            {"maxWatts", watts(report.max)},
            {"nodePowerWatts", watts(report.node_power)},
            {"infeasible", report.infeasible},
            {"shortfallWatts", watts(report.shortfall)},
            {"refusedOrders", report.refused_orders},
            {"journalErrors", report.journal_errors},
            {"lastApplySeconds", seconds(report.last_apply)}};
  json["domains"] = Json::array();
  for (const core::DomainReport& domain : report.domains) json["domains"].push_back(domain_json(domain));
  json["notes"] = report.notes;
  json["notices"] = Json::array();
  for (const core::AgentNotice& notice : report.notices) {
    json["notices"].push_back({{"number", notice.number},
                               {"reason", notice.reason},
                               {"message", notice.message},
                               {"warning", notice.warning}});
  }
  // Text of the kernel may be no UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headroom::rapl_agent
