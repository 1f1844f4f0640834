#include <nlohmann/json.hpp>

#include "base/api_time.h"
#include "base/names.h"
#include "policy/node_power_cap_json.h"
#include "topology/words.h"

namespace headroom::policy {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMicro = 1'000'000;

std::int64_t watts_down(base::Power power) {
  return power.count() / kMicro;
}
std::int64_t watts_up(base::Power power) {
  return (power.count() + kMicro - 1) / kMicro;
}

void put_down(Json& json, const char* field, const std::optional<base::Power>& power) {
  if (power) json[field] = watts_down(*power);
}
void put_up(Json& json, const char* field, const std::optional<base::Power>& power) {
  if (power) json[field] = watts_up(*power);
}

Json spec_json(const model::NodePowerCapSpec& spec) {
  Json json = Json::object();
  put_down(json, "budgetWatts", spec.budget);
  put_down(json, "fallbackWatts", spec.fallback);
  json["reserveWatts"] = watts_up(spec.reserve);
  put_up(json, "unacknowledgedWatts", spec.unacknowledged_budget);
  put_down(json, "cpuPackageWatts", spec.cpu_package);
  put_down(json, "gpuWatts", spec.gpu);
  if (spec.short_term_percent) json["shortTermPercent"] = *spec.short_term_percent;
  if (spec.time_window) json["timeWindowMilliseconds"] = spec.time_window->count();
  put_down(json, "hardLimitWatts", spec.hard_limit);
  if (spec.brake_until) json["brakeUntil"] = base::format_time(*spec.brake_until);
  if (spec.release) json["release"] = true;
  json["epoch"] = spec.stamp.epoch;
  json["sequence"] = spec.stamp.sequence;
  return json;
}

Json domain_json(const model::CapDomain& domain) {
  Json json{{"id", domain.id}, {"kind", domain.kind}};
  put_down(json, "capWatts", domain.cap);
  put_up(json, "enforcedWatts", domain.enforced);
  put_up(json, "measuredWatts", domain.measured);
  json["health"] = topology::word_of(model::kDomainHealths, domain.health);
  return json;
}

Json condition_json(const model::CapCondition& condition) {
  Json json{{"type", condition.type},
            {"status", condition.holds ? "True" : "False"},
            {"reason", condition.reason},
            {"message", condition.message}};
  json["lastTransitionTime"] = base::format_time(condition.since.value_or(base::WallTime{}));
  return json;
}

Json status_json(const model::NodePowerCapStatus& status) {
  Json json = Json::object();
  if (status.state) json["state"] = topology::word_of(model::kCapStates, *status.state);
  if (!status.boot_id.empty()) json["bootID"] = status.boot_id;
  put_up(json, "appliedWatts", status.applied);
  put_up(json, "minWatts", status.min);
  put_up(json, "maxWatts", status.max);
  put_up(json, "measuredWatts", status.measured);
  if (status.observed) {
    json["observed"] = Json{{"uid", status.observed->uid},
                            {"epoch", status.observed->stamp.epoch},
                            {"sequence", status.observed->stamp.sequence}};
  }
  json["domains"] = Json::array();
  for (const auto& domain : status.domains) json["domains"].push_back(domain_json(domain));
  json["conditions"] = Json::array();
  for (const auto& condition : status.conditions) json["conditions"].push_back(condition_json(condition));
  if (status.last_updated) json["lastUpdated"] = base::format_time(*status.last_updated);
  return json;
}

Json object_json(const model::NodePowerCap& cap) {
  return Json{{"apiVersion", std::string(base::names::kApiGroupVersion)},
              {"kind", std::string(base::names::kNodePowerCapKind)},
              {"metadata", Json{{"name", cap.name}}}};
}

// A merge patch keeps what it does not name: what no longer holds must be named as null.
void clear_absent(Json& json, std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    if (!json.contains(field)) json[field] = nullptr;
  }
}

}  // namespace

std::string print_spec(const model::NodePowerCapSpec& spec) {
  return spec_json(spec).dump();
}

std::string print_status(const model::NodePowerCapStatus& status) {
  return status_json(status).dump();
}

std::string print_new_cap(const model::NodePowerCap& cap, std::string_view node_uid) {
  Json json = object_json(cap);
  if (!node_uid.empty()) {
    json["metadata"]["ownerReferences"] =
        Json::array({Json{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", cap.name}, {"uid", std::string(node_uid)}}});
  }
  json["spec"] = spec_json(cap.spec);
  return json.dump();
}

std::string print_spec_patch(const model::NodePowerCap& cap) {
  Json json = Json::object();
  json["metadata"] = Json{{"uid", cap.uid}, {"resourceVersion", cap.resource_version}};
  json["spec"] = spec_json(cap.spec);
  clear_absent(json["spec"], {"budgetWatts", "fallbackWatts", "unacknowledgedWatts", "cpuPackageWatts", "gpuWatts",
                              "shortTermPercent", "timeWindowMilliseconds", "hardLimitWatts", "brakeUntil", "release"});
  return json.dump();
}

std::string print_release_note(const model::NodePowerCap& cap, const ReleaseNote& note) {
  Json annotations{{std::string(base::names::kReleaseAnswerAnnotation), note.answer}};
  if (note.done) annotations[std::string(base::names::kReleaseAnnotation)] = nullptr;
  return Json{{"metadata", Json{{"uid", cap.uid}, {"annotations", std::move(annotations)}}}}.dump();
}

std::string print_status_patch(const model::NodePowerCap& cap) {
  Json json = Json::object();
  json["metadata"] = Json{{"uid", cap.uid}};
  if (!cap.resource_version.empty()) json["metadata"]["resourceVersion"] = cap.resource_version;
  json["status"] = status_json(cap.status);
  clear_absent(json["status"],
               {"state", "bootID", "appliedWatts", "minWatts", "maxWatts", "measuredWatts", "observed", "lastUpdated"});
  return json.dump();
}

}  // namespace headroom::policy
