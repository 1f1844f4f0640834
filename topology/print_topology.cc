#include <nlohmann/json.hpp>

#include "base/names.h"
#include "topology/node_class_defaults.h"
#include "topology/parse_topology.h"
#include "topology/words.h"

namespace headroom::topology {
namespace {

using Json = nlohmann::ordered_json;

std::string_view operator_word(model::SelectorOperator op) {
  switch (op) {
    case model::SelectorOperator::in: return "In";
    case model::SelectorOperator::not_in: return "NotIn";
    case model::SelectorOperator::exists: return "Exists";
    default: return "DoesNotExist";
  }
}

Json selector_json(const model::LabelSelector& selector) {
  Json json = Json::object();
  for (const auto& [key, value] : selector.match_labels) json["matchLabels"][key] = value;
  for (const auto& requirement : selector.match_expressions) {
    Json expression{{"key", requirement.key}, {"operator", operator_word(requirement.op)}};
    if (!requirement.values.empty()) expression["values"] = requirement.values;
    json["matchExpressions"].push_back(std::move(expression));
  }
  return json;
}

std::int64_t whole_watts(base::Power power) {
  return power.count() / 1'000'000;
}

void put_text(Json& json, const char* field, const std::string& text) {
  if (!text.empty()) json[field] = text;
}

Json element_json(const model::PowerElement& element) {
  Json json{{"name", element.name},
            {"type", word_of(kElementTypes, element.type)},
            {"ratedWatts", whole_watts(element.rated)}};
  if (element.continuous_percent != 80) json["continuousPercent"] = element.continuous_percent;
  if (element.emergency_percent != 100) json["emergencyPercent"] = element.emergency_percent;
  for (const auto& feed : element.fed_by) {
    Json share{{"name", feed.name}};
    if (feed.share_percent != 100) share["sharePercent"] = feed.share_percent;
    json["fedBy"].push_back(std::move(share));
  }
  if (element.max_inlet) json["maxInletCelsius"] = base::to_celsius(*element.max_inlet);
  put_text(json, "coolingZone", element.cooling_zone);
  if (element.base_load != base::Power{}) json["baseWatts"] = whole_watts(element.base_load);
  if (!element.meter_query.empty()) {
    json["meter"]["query"] = element.meter_query;
    put_text(json["meter"], "freshnessQuery", element.meter_freshness_query);
  }
  put_text(json, "inletQuery", element.inlet_query);
  return json;
}

Json node_class_json(const model::NodeClass& node_class) {
  Json json{{"nodeSelector", selector_json(node_class.selector)},
            {"idleWatts", whole_watts(node_class.idle)},
            {"wattsPerCore", base::to_watts(node_class.watts_per_core)},
            {"overheadWatts", whole_watts(node_class.overhead)}};
  if (node_class.max) json["maxWatts"] = whole_watts(*node_class.max);
  for (const auto& [resource, watts] : node_class.device_watts) json["deviceWatts"][resource] = whole_watts(watts);
  return json;
}

Json spec_json(const model::TopologyObject& object) {
  Json spec = Json::object();
  if (object.rack_label != base::names::kDefaultRackLabel) spec["rackLabel"] = object.rack_label;
  spec["nodesOutside"] = word_of(kOutsideNodes, object.nodes_outside);
  spec["mode"] = word_of(kModes, object.mode);
  spec["admission"] = word_of(kAdmissions, object.admission);
  spec["onStaleTelemetry"] = word_of(kStaleRules, object.on_stale);
  spec["maxTelemetryAgeSeconds"] = object.max_telemetry_age.count();
  spec["capping"] = word_of(kCappingModes, object.capping);
  if (object.capping_node_selector) spec["cappingNodeSelector"] = selector_json(*object.capping_node_selector);
  if (object.capping_threshold_percent != 90) spec["cappingThreshold"] = object.capping_threshold_percent;
  spec["policyNodeCaps"] = word_of(kPolicyNodeCaps, object.policy_node_caps);
  if (!object.trusted_namespaces.empty()) spec["trustedNamespaces"] = object.trusted_namespaces;
  put_text(spec, "rackMeterQuery", object.rack_meter_query);
  put_text(spec, "rackMeterFreshnessQuery", object.rack_meter_freshness_query);
  put_text(spec, "rackInletQuery", object.rack_inlet_query);
  put_text(spec, "rackInletFreshnessQuery", object.rack_inlet_freshness_query);
  for (const auto& element : object.elements) spec["elements"].push_back(element_json(element));
  for (const auto& node_class : object.node_classes) spec["nodeClasses"].push_back(node_class_json(node_class));
  return spec;
}

}  // namespace

std::string print_topology(const model::TopologyObject& object) {
  Json json;
  json["metadata"] = {{"name", object.name}, {"generation", object.generation}};
  json["spec"] = spec_json(object);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headroom::topology
