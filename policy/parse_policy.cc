#include "policy/parse_policy.h"

#include <set>

#include "policy/limits.h"
#include "topology/limits.h"
#include "topology/object_reader.h"
#include "topology/words.h"

namespace headroom::policy {
namespace {

using topology::JsonValue;
using topology::kMaxWatts;
using topology::ObjectReader;
using IgnoredPaths = std::set<std::string>;

constexpr std::size_t kMaxLabelValue = 63;
constexpr std::size_t kMaxAlgorithmName = 253;

model::RackConstraint read_rack(ObjectReader& reader, IgnoredPaths& ignored) {
  model::RackConstraint rack;
  rack.rack = reader.text("rackId", kMaxLabelValue).value_or("");
  reader.require("rackId");
  const auto watts = reader.integer("maxPower", {1, kMaxWatts});
  if (watts) rack.max_power = base::watts(*watts);
  const auto celsius = reader.number("maxTemperature", {topology::kMinCelsius, topology::kMaxCelsius});
  if (celsius) rack.max_inlet = base::temperature_from_celsius(*celsius);
  reader.note_ignored(ignored);
  return rack;
}

std::optional<model::ParameterValue> parameter_of(const JsonValue& value) {
  if (const auto* b = std::get_if<bool>(&value.value)) return *b;
  if (const auto* n = std::get_if<std::int64_t>(&value.value)) return *n;
  if (const auto* d = std::get_if<double>(&value.value)) return *d;
  if (const auto* s = std::get_if<std::string>(&value.value)) return *s;
  return std::nullopt;
}

model::CustomAlgorithm read_algorithm(ObjectReader& reader, IgnoredPaths& ignored) {
  model::CustomAlgorithm algorithm;
  algorithm.name = reader.text("name", kMaxAlgorithmName).value_or("");
  reader.require("name");
  if (const auto* parameters = reader.members("parameters", kMaxParameters)) {
    for (const auto& [name, value] : *parameters) {
      const auto parameter = parameter_of(value);
      if (parameter) {
        algorithm.parameters.emplace(name, *parameter);
      } else {
        reader.add_problem("parameters." + name, "must be a string, a number, true or false");
      }
    }
  }
  reader.note_ignored(ignored);
  return algorithm;
}

void read_racks(ObjectReader& spec, model::PolicyObject& policy, IgnoredPaths& ignored) {
  std::set<std::string> seen;
  for (auto& reader : spec.objects("rackConstraints", kMaxRackConstraints)) {
    policy.rack_constraints.push_back(read_rack(reader, ignored));
    const std::string& rack = policy.rack_constraints.back().rack;
    if (rack.empty()) continue;
    if (!seen.insert(rack).second) reader.add_problem("rackId", "\"" + rack + "\" stands twice");
  }
}

// customAlgorithm and customAlgorithms[] together; of two with one name the singular wins, as it stands first.
void read_algorithms(ObjectReader& spec, model::PolicyObject& policy, IgnoredPaths& ignored) {
  if (auto reader = spec.object("customAlgorithm")) {
    policy.custom_algorithms.push_back(read_algorithm(*reader, ignored));
  }
  for (auto& reader : spec.objects("customAlgorithms", kMaxAlgorithms)) {
    auto algorithm = read_algorithm(reader, ignored);
    bool known = false;
    for (const auto& other : policy.custom_algorithms) known = known || other.name == algorithm.name;
    if (!known) policy.custom_algorithms.push_back(std::move(algorithm));
  }
}

model::Labels read_labels(ObjectReader& reader, std::string_view field) {
  model::Labels labels;
  const auto* members = reader.members(field, kMaxNodeCapLabels);
  if (members == nullptr) return labels;
  for (const auto& [name, value] : *members) {
    if (const auto* text = std::get_if<std::string>(&value.value)) {
      labels.emplace(name, *text);
    } else {
      reader.add_problem(std::string(field) + "." + name, "must be a string");
    }
  }
  return labels;
}

std::optional<base::Power> read_watts(ObjectReader& reader, std::string_view field) {
  const auto watts = reader.integer(field, {1, kMaxWatts});
  return watts ? std::optional(base::watts(*watts)) : std::nullopt;
}

model::NodeCap read_node_cap(ObjectReader& reader, IgnoredPaths& ignored) {
  model::NodeCap cap;
  cap.node_selector = read_labels(reader, "nodeSelector");
  cap.cpu_package = read_watts(reader, "cpuPackageWatts");
  cap.gpu = read_watts(reader, "gpuWatts");
  cap.node = read_watts(reader, "nodeWatts");
  if (!cap.cpu_package && !cap.gpu && !cap.node) {
    reader.add_problem("", "needs at least one of cpuPackageWatts, gpuWatts and nodeWatts");
  }
  cap.short_term_percent =
      static_cast<std::int32_t>(reader.integer("shortTermPercent", {1, kMaxShortTermPercent}).value_or(110));
  const auto window = reader.integer("timeWindowMilliseconds", {1, kMaxTimeWindowMilliseconds});
  if (window) cap.time_window = base::Milliseconds(*window);
  reader.note_ignored(ignored);
  return cap;
}

void read_ratio(ObjectReader& spec, model::PolicyObject& policy, IgnoredPaths& ignored) {
  auto reader = spec.object("performancePowerRatio");
  if (!reader) return;
  model::PerformancePowerRatio ratio;
  const auto target = reader->number("targetRatio", {0, 1e6});
  reader->require("targetRatio");
  if (target && *target <= 0) reader->add_problem("targetRatio", "must be above 0");
  ratio.target_ratio = target.value_or(0);
  const auto tolerance = reader->integer("tolerancePercentage", {1, 100});
  if (tolerance) ratio.tolerance_percent = static_cast<std::int32_t>(*tolerance);
  reader->note_ignored(ignored);
  policy.performance_power_ratio = ratio;
}

void read_spec(ObjectReader& spec, model::PolicyObject& policy) {
  IgnoredPaths ignored;
  policy.power_cap_limit = base::watts(spec.integer("powerCapLimit", {1, kMaxWatts}).value_or(1));
  spec.require("powerCapLimit");
  read_racks(spec, policy, ignored);
  policy.selector = spec.selector("selector");
  policy.mode = spec.choice("mode", topology::kModes).value_or(model::EnforcementMode::enforce);
  const auto priority = spec.integer("priority", {-kMaxPriority, kMaxPriority});
  if (priority) policy.priority = static_cast<std::int32_t>(*priority);
  const auto threshold = spec.integer("cappingThreshold", {1, 100});
  policy.capping_threshold_percent = static_cast<std::int32_t>(threshold.value_or(90));
  policy.on_stale = spec.choice("onStaleTelemetry", topology::kStaleRules);
  const auto age = spec.integer("maxTelemetryAgeSeconds", {1, topology::kMaxSeconds});
  if (age) policy.max_telemetry_age = base::Seconds(*age);
  read_ratio(spec, policy, ignored);
  read_algorithms(spec, policy, ignored);
  for (auto& reader : spec.objects("nodeCaps", kMaxNodeCaps)) {
    policy.node_caps.push_back(read_node_cap(reader, ignored));
  }
  policy.performance_query = spec.text("performanceQuery", kMaxPerformanceQuery).value_or("");
  spec.ignore("scaling");
  spec.note_ignored(ignored);
  policy.not_evaluated.assign(ignored.begin(), ignored.end());
}

}  // namespace

base::Result<model::PolicyObject> parse_policy(std::string_view json) {
  const auto value = topology::parse_json(json);
  if (!value) return value.error();
  topology::Problems problems;
  const topology::Metadata metadata = topology::read_metadata(*value, problems);
  model::PolicyObject policy;
  policy.ns = metadata.ns;
  policy.name = metadata.name;
  policy.uid = metadata.uid;
  policy.resource_version = metadata.resource_version;
  policy.generation = metadata.generation;
  const JsonValue* found = value->find("spec");
  if (found == nullptr) {
    problems.add("spec", "is required");
    return problems.as_error();
  }
  ObjectReader spec(*found, "spec", problems);
  read_spec(spec, policy);
  if (!problems.empty()) return problems.as_error();
  return policy;
}

std::vector<std::string> unknown_algorithms(const model::PolicyObject& policy) {
  std::vector<std::string> names;
  for (const auto& algorithm : policy.custom_algorithms) names.push_back(algorithm.name);
  return names;
}

}  // namespace headroom::policy
