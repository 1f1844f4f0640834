#include "topology/parse_topology.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/names.h"
#include "topology/limits.h"
#include "topology/node_class_defaults.h"
#include "topology/object_reader.h"
#include "topology/words.h"

namespace headroom::topology {
namespace {

using model::ElementType;

// A label value: what a rack's name has to equal.
bool is_label_value(std::string_view name) {
  const auto edge = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto inner = [&](char c) { return edge(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && edge(name.front()) && edge(name.back()) && std::all_of(name.begin(), name.end(), inner);
}

base::Power watts_of(const std::optional<std::int64_t>& watts, std::int64_t otherwise) {
  return base::watts(watts.value_or(otherwise));
}

std::optional<base::Temperature> celsius_of(ObjectReader& reader, std::string_view name) {
  const auto degrees = reader.number(name, {kMinCelsius, kMaxCelsius});
  return degrees ? base::temperature_from_celsius(*degrees) : std::nullopt;
}

std::string element_name(ObjectReader& reader, std::string_view field) {
  const auto name = reader.text(field, kMaxElementName);
  reader.require(field);
  if (name && !is_label_value(*name)) {
    reader.add_problem(field,
                       "must consist of letters, digits, '-', '_' and '.', and begin and end with a letter or digit");
  }
  return name.value_or("");
}

void read_feeds(ObjectReader& reader, model::PowerElement& element, std::set<std::string>& ignored) {
  std::int64_t sum = 0;
  std::set<std::string> seen;
  for (auto& feed : reader.objects("fedBy", kMaxFeeds)) {
    model::FeedShare share;
    share.name = element_name(feed, "name");
    share.share_percent = static_cast<std::int32_t>(feed.integer("sharePercent", {1, 100}).value_or(100));
    sum += share.share_percent;
    if (!seen.insert(share.name).second) feed.add_problem("name", "\"" + share.name + "\" stands twice");
    if (share.name == element.name) feed.add_problem("name", "an element cannot feed itself");
    feed.note_ignored(ignored);
    element.fed_by.push_back(std::move(share));
  }
  if (!element.fed_by.empty() && sum != 100) {
    reader.add_problem("fedBy", "sharePercent must sum to 100, not " + std::to_string(sum));
  }
  const bool may_stand_alone = element.type == ElementType::feed || element.type == ElementType::cooling_zone;
  if (element.fed_by.empty() && !may_stand_alone) {
    reader.add_problem("fedBy", "every element but Feed and CoolingZone needs a source");
  }
  if (!element.fed_by.empty() && element.type == ElementType::cooling_zone) {
    reader.add_problem("fedBy", "a CoolingZone carries no power");
  }
}

void read_meter(ObjectReader& reader, model::PowerElement& element, std::set<std::string>& ignored) {
  auto meter = reader.object("meter");
  if (!meter) return;
  element.meter_query = meter->text("query", kMaxQuery).value_or("");
  meter->require("query");
  element.meter_freshness_query = meter->text("freshnessQuery", kMaxQuery).value_or("");
  meter->note_ignored(ignored);
}

model::PowerElement read_element(ObjectReader& reader, std::set<std::string>& ignored) {
  model::PowerElement element;
  element.name = element_name(reader, "name");
  const auto type = reader.choice("type", kElementTypes);
  reader.require("type");
  element.type = type.value_or(ElementType::rack);
  element.rated = watts_of(reader.integer("ratedWatts", {1, kMaxWatts}), 1);
  reader.require("ratedWatts");
  element.continuous_percent = static_cast<std::int32_t>(reader.integer("continuousPercent", {1, 100}).value_or(80));
  const auto emergency = reader.integer("emergencyPercent", {1, 200});
  element.emergency_percent = static_cast<std::int32_t>(emergency.value_or(100));
  if (type) read_feeds(reader, element, ignored);
  element.max_inlet = celsius_of(reader, "maxInletCelsius");
  if (element.max_inlet && type && *type != ElementType::rack) {
    if (*type == ElementType::cooling_zone) {
      reader.ignore("maxInletCelsius");
    } else {
      reader.add_problem("maxInletCelsius", "only a Rack or a CoolingZone has inlets");
    }
  }
  element.cooling_zone = reader.text("coolingZone", kMaxElementName).value_or("");
  reader.ignore("coolingZone");
  element.base_load = watts_of(reader.integer("baseWatts", {0, kMaxWatts}), 0);
  read_meter(reader, element, ignored);
  element.inlet_query = reader.text("inletQuery", kMaxQuery).value_or("");
  reader.ignore("tripCurve");
  reader.note_ignored(ignored);
  return element;
}

model::NodeClass read_node_class(ObjectReader& reader, std::set<std::string>& ignored) {
  model::NodeClass node_class;
  const auto selector = reader.selector("nodeSelector");
  reader.require("nodeSelector");
  node_class.selector = selector.value_or(model::LabelSelector{});
  node_class.idle = watts_of(reader.integer("idleWatts", {0, kMaxWatts}), kDefaultIdleWatts);
  const auto max = reader.integer("maxWatts", {1, kMaxWatts});
  if (max) node_class.max = base::watts(*max);
  if (node_class.max && *node_class.max < node_class.idle) {
    reader.add_problem("maxWatts", "must not be below idleWatts");
  }
  const double per_core = reader.number("wattsPerCore", {0, kMaxWattsPerCore}).value_or(kDefaultWattsPerCore);
  node_class.watts_per_core = base::power_from_watts(per_core).value_or(base::Power{});
  node_class.overhead = watts_of(reader.integer("overheadWatts", {0, kMaxWatts}), kDefaultOverheadWatts);
  if (const auto* devices = reader.members("deviceWatts", kMaxDevices)) {
    for (const auto& [resource, value] : *devices) {
      const auto* watts = std::get_if<std::int64_t>(&value.value);
      if (watts != nullptr && *watts >= 0 && *watts <= kMaxWatts) {
        node_class.device_watts.emplace(resource, base::watts(*watts));
      } else {
        reader.add_problem("deviceWatts[" + resource + "]",
                           "must be an integer between 0 and " + std::to_string(kMaxWatts));
      }
    }
  }
  reader.ignore("loadCurve");
  reader.note_ignored(ignored);
  return node_class;
}

void read_elements(ObjectReader& spec, model::TopologyObject& object, std::set<std::string>& ignored) {
  std::set<std::string> seen;
  for (auto& reader : spec.objects("elements", kMaxElements)) {
    object.elements.push_back(read_element(reader, ignored));
    const std::string& name = object.elements.back().name;
    if (!name.empty() && !seen.insert(name).second) reader.add_problem("name", "\"" + name + "\" stands twice");
  }
}

void read_capping(ObjectReader& spec, model::TopologyObject& object) {
  object.capping = spec.choice("capping", kCappingModes).value_or(model::CappingMode::off);
  object.capping_node_selector = spec.selector("cappingNodeSelector");
  object.capping_threshold_percent = static_cast<std::int32_t>(spec.integer("cappingThreshold", {1, 100}).value_or(90));
  object.policy_node_caps = spec.choice("policyNodeCaps", kPolicyNodeCaps).value_or(model::PolicyNodeCaps::exclusive);
}

void note_not_evaluated(ObjectReader& spec) {
  spec.ignore("failureScenarios");
  // Present with its default, a field says nothing that we would not do.
  if (spec.number("tripBudget", {0, 1}).value_or(0.5) != 0.5) spec.ignore("tripBudget");
}

void read_spec(ObjectReader& spec, model::TopologyObject& object) {
  std::set<std::string> ignored;
  object.rack_label = spec.text("rackLabel", 317).value_or(std::string(base::names::kDefaultRackLabel));
  if (object.rack_label.empty()) spec.add_problem("rackLabel", "must not be empty");
  object.nodes_outside = spec.choice("nodesOutside", kOutsideNodes).value_or(model::OutsideNodes::allow);
  object.mode = spec.choice("mode", kModes).value_or(model::EnforcementMode::enforce);
  object.admission = spec.choice("admission", kAdmissions).value_or(model::Admission::booked);
  object.on_stale = spec.choice("onStaleTelemetry", kStaleRules).value_or(model::StaleTelemetry::assume_peak);
  object.max_telemetry_age = base::Seconds(spec.integer("maxTelemetryAgeSeconds", {1, kMaxSeconds}).value_or(60));
  read_capping(spec, object);
  object.trusted_namespaces = spec.texts("trustedNamespaces", kMaxNamespaces);
  object.rack_meter_query = spec.text("rackMeterQuery", kMaxQuery).value_or("");
  object.rack_meter_freshness_query = spec.text("rackMeterFreshnessQuery", kMaxQuery).value_or("");
  object.rack_inlet_query = spec.text("rackInletQuery", kMaxQuery).value_or("");
  object.rack_inlet_freshness_query = spec.text("rackInletFreshnessQuery", kMaxQuery).value_or("");
  read_elements(spec, object, ignored);
  for (auto& reader : spec.objects("nodeClasses", kMaxNodeClasses)) {
    object.node_classes.push_back(read_node_class(reader, ignored));
  }
  note_not_evaluated(spec);
  spec.note_ignored(ignored);
  object.not_evaluated.assign(ignored.begin(), ignored.end());
}

}  // namespace

base::Result<model::TopologyObject> parse_topology(std::string_view json) {
  const auto value = parse_json(json);
  if (!value) return value.error();
  Problems problems;
  const Metadata metadata = read_metadata(*value, problems);
  model::TopologyObject object;
  object.name = metadata.name;
  object.uid = metadata.uid;
  object.resource_version = metadata.resource_version;
  object.generation = metadata.generation;
  const JsonValue* found = value->find("spec");
  if (found == nullptr) {
    problems.add("spec", "is required");
    return problems.as_error();
  }
  ObjectReader spec(*found, "spec", problems);
  read_spec(spec, object);
  if (!problems.empty()) return problems.as_error();
  return object;
}

}  // namespace headroom::topology
