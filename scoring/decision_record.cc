#include "scoring/decision_record.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace headroom::scoring {
namespace {

constexpr std::string_view kEstimateKey = "estimatedWatts";
constexpr std::size_t kMostBytes = 16'384;  // ours are some hundred; a longer one was not written by us
constexpr double kMostWatts = 1e7;

double watts_of(base::Power power) {
  const auto milliwatts = power.count() / 1000;  // finer digits would only lengthen the annotation
  return static_cast<double>(milliwatts) / 1e3;
}

std::optional<base::Power> power_of(double watts) {
  if (!(watts >= 0) || watts > kMostWatts) return std::nullopt;
  return base::power_from_watts(watts);
}

base::Error refuse(const std::string& why) {
  return base::invalid_input("decision record: " + why);
}

// Reads an optional member of the type of `into`; false where it has another type.
template <class T>
bool read_member(const nlohmann::json& object, const char* key, T& into) {
  const auto found = object.find(key);
  if (found == object.end()) return true;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!found->is_string()) return false;
  } else if (!found->is_number_integer()) {
    return false;
  }
  into = found->template get<T>();
  return true;
}

bool read_policies(const nlohmann::json& object, std::vector<std::string>& into) {
  const auto found = object.find("policies");
  if (found == object.end()) return true;
  if (!found->is_array()) return false;
  for (const auto& name : *found) {
    if (!name.is_string()) return false;
    into.push_back(name.get<std::string>());
  }
  return true;
}

}  // namespace

std::string to_json(const DecisionRecord& record) {
  nlohmann::ordered_json object;
  object[std::string(kEstimateKey)] = watts_of(record.estimate);
  object["provenance"] = record.provenance;
  if (!record.rack.empty()) object["rack"] = record.rack;
  if (!record.policies.empty()) object["policies"] = record.policies;
  object["snapshotAgeMilliseconds"] = record.snapshot_age_ms;
  object["telemetryAgeMilliseconds"] = record.telemetry_age_ms;
  object["score"] = record.score;
  if (!record.would_refuse.empty()) object["wouldRefuse"] = record.would_refuse;
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

base::Result<DecisionRecord> from_json(std::string_view text) {
  if (text.size() > kMostBytes) return refuse("longer than 16 KiB");
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) return refuse("not a JSON object");
  const auto estimate = object.find(kEstimateKey);
  if (estimate == object.end() || !estimate->is_number()) return refuse("estimatedWatts: must be a number");
  const auto power = power_of(estimate->get<double>());
  if (!power) return refuse("estimatedWatts: must be between 0 and 10000000");
  DecisionRecord record;
  record.estimate = *power;
  const bool typed = read_member(object, "provenance", record.provenance) && read_member(object, "rack", record.rack) &&
                     read_policies(object, record.policies) &&
                     read_member(object, "snapshotAgeMilliseconds", record.snapshot_age_ms) &&
                     read_member(object, "telemetryAgeMilliseconds", record.telemetry_age_ms) &&
                     read_member(object, "score", record.score) &&
                     read_member(object, "wouldRefuse", record.would_refuse);
  if (!typed) return refuse("a member has another type than documented");
  return record;
}

std::optional<base::Power> granted_watts(std::string_view text) {
  const auto record = from_json(text);
  return record ? std::optional(record->estimate) : std::nullopt;
}

}  // namespace headroom::scoring
