#include "controller/status_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "kube/api_time.h"
#include "topology/json_value.h"

namespace headroom::controller {
namespace {

using Json = nlohmann::ordered_json;
using topology::JsonValue;

std::int64_t whole_watts(base::Power power) {
  return std::llround(base::to_watts(power));
}

Json conditions_json(const StatusWrite& write) {
  Json list = Json::array();
  for (const auto& condition : write.status.conditions) {
    Json json{{"type", condition.type},
              {"status", condition.holds ? "True" : "False"},
              {"reason", condition.reason},
              {"message", condition.message},
              {"lastTransitionTime", kube::format_time(write.since.find(condition.type)->second)}};
    if (write.status.observed_generation > 0) json["observedGeneration"] = write.status.observed_generation;
    list.push_back(std::move(json));
  }
  return list;
}

Json recommendation_json(const Recommendation& recommendation) {
  return {{"wouldRefuse", recommendation.would_refuse}, {"reasons", recommendation.reasons}};
}

void put_caps(Json& nodes, const CapNumbers& numbers) {
  nodes["capped"] = numbers.capped;
  nodes["pending"] = numbers.pending;
  nodes["failed"] = numbers.failed;
}

void put_numbers(Json& status, const PolicyNumbers& numbers) {
  status["currentPowerWatts"] = whole_watts(numbers.current);
  status["headroomWatts"] = whole_watts(numbers.headroom);
  status["pods"] = {{"members", numbers.members}, {"placedByUs", numbers.placed_by_us}};
  put_caps(status["nodes"], numbers.nodes);
  status["recommendation"] = recommendation_json(numbers.recommendation);
  if (numbers.ratio) {
    status["ratio"] = {{"current", numbers.ratio->current}, {"withinTolerance", numbers.ratio->within_tolerance}};
  }
}

void put_numbers(Json& status, const TopologyNumbers& numbers) {
  status["nodes"] = {{"inside", numbers.nodes_inside}, {"outside", numbers.nodes_outside}};
  put_caps(status["nodes"], numbers.nodes);
  status["recommendation"] = recommendation_json(numbers.recommendation);
  Json elements = Json::array();
  for (const auto& element : numbers.elements) {
    Json json{{"name", element.name},
              {"type", element.type},
              {"limitWatts", whole_watts(element.limit)},
              {"bookedWatts", whole_watts(element.booked)},
              {"presentWatts", whole_watts(element.present)},
              {"unmanagedWatts", whole_watts(element.unmanaged)},
              {"headroomWatts", whole_watts(element.limit - element.booked)}};
    if (element.inlet) json["inletCelsius"] = std::round(base::to_celsius(*element.inlet) * 10) / 10;
    elements.push_back(std::move(json));
  }
  status["elements"] = std::move(elements);
  status["singlePointsOfFailure"] = numbers.single_points;
}

const std::string* text_at(const JsonValue& object, std::string_view name) {
  const JsonValue* found = object.find(name);
  return found == nullptr ? nullptr : std::get_if<std::string>(&found->value);
}

const JsonValue::Array* list_at(const JsonValue& object, std::string_view name) {
  const JsonValue* found = object.find(name);
  return found == nullptr ? nullptr : std::get_if<JsonValue::Array>(&found->value);
}

void read_condition(const JsonValue& json, ExistingStatus& status) {
  const auto* type = text_at(json, "type");
  const auto* holds = text_at(json, "status");
  const auto* reason = text_at(json, "reason");
  const auto* message = text_at(json, "message");
  const auto* since = text_at(json, "lastTransitionTime");
  if (type == nullptr || holds == nullptr || reason == nullptr || message == nullptr || since == nullptr) return;
  const auto time = kube::parse_api_time(*since);
  if (!time) return;
  status.conditions.push_back({*type, *holds == "True", *reason, *message});
  status.since.emplace(*type, *time);
}

ExistingStatus read_object(ObjectKind kind, const JsonValue& object) {
  ExistingStatus status;
  status.key.kind = kind;
  if (const JsonValue* metadata = object.find("metadata")) {
    if (const auto* ns = text_at(*metadata, "namespace")) status.key.ns = *ns;
    if (const auto* name = text_at(*metadata, "name")) status.key.name = *name;
    if (const auto* uid = text_at(*metadata, "uid")) status.uid = *uid;
  }
  const JsonValue* written = object.find("status");
  if (written == nullptr) return status;
  if (const JsonValue* generation = written->find("observedGeneration")) {
    if (const auto* n = std::get_if<std::int64_t>(&generation->value)) status.observed_generation = *n;
  }
  if (const auto* conditions = list_at(*written, "conditions")) {
    for (const auto& condition : *conditions) read_condition(condition, status);
  }
  return status;
}

}  // namespace

std::string status_body(const StatusWrite& write, base::WallTime now) {
  const DesiredStatus& wanted = write.status;
  Json body;
  body["apiVersion"] = base::names::kApiGroupVersion;
  body["kind"] = wanted.key.kind == ObjectKind::policy ? base::names::kPolicyKind : base::names::kTopologyKind;
  body["metadata"] = {{"name", wanted.key.name}};
  if (!wanted.key.ns.empty()) body["metadata"]["namespace"] = wanted.key.ns;
  if (!wanted.uid.empty()) body["metadata"]["uid"] = wanted.uid;
  Json& status = body["status"];
  if (wanted.observed_generation > 0) status["observedGeneration"] = wanted.observed_generation;
  status["lastUpdated"] = kube::format_time(now);
  status["conditions"] = conditions_json(write);
  if (const auto* policy = std::get_if<PolicyNumbers>(&wanted.numbers)) put_numbers(status, *policy);
  if (const auto* topology = std::get_if<TopologyNumbers>(&wanted.numbers)) put_numbers(status, *topology);
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Result<ExistingPage> read_statuses(ObjectKind kind, std::string_view list) {
  const auto json = topology::parse_json(list);
  if (!json) return base::with_context(json.error(), "list of statuses");
  const auto* items = list_at(*json, "items");
  if (items == nullptr) return base::invalid_input("list of statuses: items: is required");
  ExistingPage page;
  for (const auto& item : *items) {
    auto status = read_object(kind, item);
    if (!status.key.name.empty()) page.statuses.push_back(std::move(status));
  }
  if (const JsonValue* metadata = json->find("metadata")) {
    if (const auto* token = text_at(*metadata, "continue")) page.continue_token = *token;
  }
  return page;
}

}  // namespace headroom::controller
