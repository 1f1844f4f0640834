#include "policy/node_power_cap_json.h"

#include <algorithm>

#include "base/api_time.h"
#include "base/names.h"
#include "topology/limits.h"
#include "topology/object_reader.h"

namespace headroom::policy {
namespace {

using topology::IntegerRange;
using topology::JsonValue;
using topology::kMaxWatts;
using topology::ObjectReader;

constexpr std::size_t kMaxDomains = 256;
constexpr std::size_t kMaxConditions = 32;
constexpr std::size_t kMaxText = 253;
constexpr std::size_t kMaxMessage = 32'768;
constexpr IntegerRange kOrderedWatts{1, kMaxWatts};
constexpr IntegerRange kCountedWatts{0, INT64_MAX / 1'000'000};

std::optional<base::Power> read_watts(ObjectReader& reader, std::string_view name, IntegerRange range) {
  const auto watts = reader.integer(name, range);
  return watts ? std::optional(base::watts(*watts)) : std::nullopt;
}

std::optional<base::WallTime> read_time(ObjectReader& reader, std::string_view name) {
  const auto text = reader.text(name, kMaxText);
  if (!text) return std::nullopt;
  const auto time = base::parse_api_time(*text);
  if (time) return *time;
  reader.add_problem(name, "must be an RFC 3339 time");
  return std::nullopt;
}

model::CapStamp read_stamp(ObjectReader& reader) {
  model::CapStamp stamp;
  stamp.epoch = reader.integer("epoch", {1, model::kMaxCapEpoch}).value_or(0);
  stamp.sequence = reader.integer("sequence", {1, model::kMaxCapSequence}).value_or(0);
  reader.require("epoch");
  reader.require("sequence");
  return stamp;
}

model::NodePowerCapSpec read_spec(const JsonValue& value, topology::Problems& problems) {
  ObjectReader reader(value, "spec", problems);
  model::NodePowerCapSpec spec;
  spec.stamp = read_stamp(reader);
  spec.budget = read_watts(reader, "budgetWatts", kOrderedWatts);
  spec.fallback = read_watts(reader, "fallbackWatts", kOrderedWatts);
  spec.reserve = read_watts(reader, "reserveWatts", {0, kMaxWatts}).value_or(base::Power{});
  spec.unacknowledged_budget = read_watts(reader, "unacknowledgedWatts", kOrderedWatts);
  spec.cpu_package = read_watts(reader, "cpuPackageWatts", kOrderedWatts);
  spec.gpu = read_watts(reader, "gpuWatts", kOrderedWatts);
  const auto percent = reader.integer("shortTermPercent", {1, 200});
  if (percent) spec.short_term_percent = static_cast<std::int32_t>(*percent);
  const auto window = reader.integer("timeWindowMilliseconds", {1, 3'600'000});
  if (window) spec.time_window = base::Milliseconds(*window);
  spec.hard_limit = read_watts(reader, "hardLimitWatts", kOrderedWatts);
  spec.brake_until = read_time(reader, "brakeUntil");
  spec.release = reader.flag("release").value_or(false);
  reader.refuse_unknown();
  return spec;
}

std::vector<model::CapDomain> read_domains(ObjectReader& status) {
  std::vector<model::CapDomain> domains;
  for (auto& reader : status.objects("domains", kMaxDomains)) {
    model::CapDomain domain;
    domain.id = reader.text("id", kMaxText).value_or("");
    reader.require("id");
    domain.kind = reader.text("kind", kMaxText).value_or("");
    domain.cap = read_watts(reader, "capWatts", kCountedWatts);
    domain.enforced = read_watts(reader, "enforcedWatts", kCountedWatts);
    domain.measured = read_watts(reader, "measuredWatts", kCountedWatts);
    domain.health = reader.choice("health", model::kDomainHealths).value_or(model::DomainHealth::lost);
    reader.require("health");
    domains.push_back(std::move(domain));
  }
  std::sort(domains.begin(), domains.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return domains;
}

std::vector<model::CapCondition> read_conditions(ObjectReader& status) {
  std::vector<model::CapCondition> conditions;
  for (auto& reader : status.objects("conditions", kMaxConditions)) {
    model::CapCondition condition;
    condition.type = reader.text("type", kMaxText).value_or("");
    reader.require("type");
    condition.holds = reader.text("status", kMaxText).value_or("") == "True";
    condition.reason = reader.text("reason", kMaxMessage).value_or("");
    condition.message = reader.text("message", kMaxMessage).value_or("");
    condition.since = read_time(reader, "lastTransitionTime");
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

model::NodePowerCapStatus read_status(const JsonValue& value, topology::Problems& problems) {
  ObjectReader reader(value, "status", problems);
  model::NodePowerCapStatus status;
  status.state = reader.choice("state", model::kCapStates);
  status.boot_id = reader.text("bootID", kMaxText).value_or("");
  status.applied = read_watts(reader, "appliedWatts", kCountedWatts);
  status.min = read_watts(reader, "minWatts", kCountedWatts);
  status.max = read_watts(reader, "maxWatts", kCountedWatts);
  status.measured = read_watts(reader, "measuredWatts", kCountedWatts);
  if (auto observed = reader.object("observed")) {
    model::ObservedCap last;
    last.uid = observed->text("uid", kMaxText).value_or("");
    observed->require("uid");
    last.stamp = read_stamp(*observed);
    status.observed = std::move(last);
  }
  status.domains = read_domains(reader);
  status.conditions = read_conditions(reader);
  status.last_updated = read_time(reader, "lastUpdated");
  return status;
}

std::string annotation(const JsonValue& object, std::string_view name) {
  const JsonValue* metadata = object.find("metadata");
  const JsonValue* annotations = metadata == nullptr ? nullptr : metadata->find("annotations");
  const JsonValue* found = annotations == nullptr ? nullptr : annotations->find(name);
  const auto* text = found == nullptr ? nullptr : std::get_if<std::string>(&found->value);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

base::Result<model::NodePowerCap> parse_node_power_cap(std::string_view json) {
  const auto value = topology::parse_json(json);
  if (!value) return value.error();
  topology::Problems problems;
  const topology::Metadata metadata = topology::read_metadata(*value, problems);
  model::NodePowerCap cap;
  cap.name = metadata.name;
  cap.uid = metadata.uid;
  cap.resource_version = metadata.resource_version;
  cap.generation = metadata.generation;
  cap.release_requested = !annotation(*value, base::names::kReleaseAnnotation).empty();
  cap.release_answer = annotation(*value, base::names::kReleaseAnswerAnnotation);
  if (const JsonValue* spec = value->find("spec")) {
    cap.spec = read_spec(*spec, problems);
  } else {
    problems.add("spec", "is required");
  }
  if (const JsonValue* status = value->find("status")) cap.status = read_status(*status, problems);
  if (!problems.empty()) return problems.as_error();
  return cap;
}

}  // namespace headroom::policy
