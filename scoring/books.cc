#include "scoring/books.h"

#include <algorithm>
#include <functional>

namespace headroom::scoring {
namespace {

// 0 marks an empty slot; a hash of 0 counts as 1.
std::uint64_t slot_value(std::size_t uid_hash) {
  return uid_hash == 0 ? 1 : static_cast<std::uint64_t>(uid_hash);
}

std::string node_name(const Books& books, std::uint32_t node) {
  return "node " + books.table->nodes[node].node->name;
}
std::string rack_name(const Books& books, std::uint32_t rack) {
  return "rack " + books.table->racks[rack].name;
}
std::string policy_name(const Books& books, std::uint32_t policy) {
  return "policy " + model::key_of(*books.policies->policies()[policy]);
}

}  // namespace

bool RackInlet::is_hot(base::Temperature limit) const {
  const auto found = std::lower_bound(hot.begin(), hot.end(), limit,
                                      [](const auto& entry, base::Temperature key) { return entry.first < key; });
  return found != hot.end() && found->first == limit && found->second;
}

std::string_view to_string(ConditionKind kind) {
  switch (kind) {
    case ConditionKind::node_class_too_small: return "NodeClassTooSmall";
    case ConditionKind::no_telemetry: return "NoTelemetry";
    case ConditionKind::stale_telemetry: return "StaleTelemetry";
    case ConditionKind::rack_label_lost: return "RackLabelLost";
    case ConditionKind::node_outside: return "NodesOutside";
    case ConditionKind::inlet_missing: return "InletSensorMissing";
    case ConditionKind::inlet_stale: return "InletStale";
    case ConditionKind::unknown_rack: return "UnknownRack";
    case ConditionKind::no_members: return "NoMembers";
    case ConditionKind::node_deleted_held: return "DeletedNodeHeld";
  }
  return "Unknown";
}

EstimateRules estimate_rules(const Books& books) {
  return {*books.settings, books.topology->trusted_namespaces, books.device_claims.get()};
}

std::string describe(const Books& books, const Condition& condition) {
  const std::uint32_t subject = condition.subject;
  switch (condition.kind) {
    case ConditionKind::node_class_too_small:
      return node_name(books, subject) + " draws more than 1.25 x maxWatts of its node class";
    case ConditionKind::no_telemetry: return node_name(books, subject) + ": no source has ever delivered its power";
    case ConditionKind::stale_telemetry: return node_name(books, subject) + ": its power readings are too old";
    case ConditionKind::rack_label_lost:
      return node_name(books, subject) + " lost its rack label and stays in " +
             rack_name(books, books.table->nodes[subject].rack);
    case ConditionKind::node_outside: return node_name(books, subject) + ": no element names its rack";
    case ConditionKind::inlet_missing: return rack_name(books, subject) + " has an inlet limit and never had a sensor";
    case ConditionKind::inlet_stale: return rack_name(books, subject) + ": its inlet readings are too old";
    case ConditionKind::unknown_rack:
      return policy_name(books, subject) + ": no node carries rack " +
             books.policies->policies()[subject]->rack_constraints[condition.detail].rack;
    case ConditionKind::no_members:
      return policy_name(books, subject) +
             " has no pods: name it in their annotation powercapping.example.com/policy, or select them";
    case ConditionKind::node_deleted_held:
      return "node " + books.held[subject].name + " was deleted and keeps its last load for a while";
  }
  return {};
}

void CountedPods::reserve(std::size_t pods) {
  std::size_t size = 16;
  while (size < pods * 2 + 1) size *= 2;
  slots_.assign(size, 0);
}

void CountedPods::add(std::size_t uid_hash) {
  const std::uint64_t value = slot_value(uid_hash);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = value & mask;
  while (slots_[slot] != 0 && slots_[slot] != value) slot = (slot + 1) & mask;
  slots_[slot] = value;
}

bool CountedPods::contains(std::string_view uid) const {
  if (slots_.empty()) return false;
  const std::uint64_t value = slot_value(std::hash<std::string_view>{}(uid));
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = value & mask;
  while (slots_[slot] != 0 && slots_[slot] != value) slot = (slot + 1) & mask;
  return slots_[slot] == value;
}

std::uint32_t Books::view_of(std::optional<model::StaleTelemetry> on_stale,
                             std::optional<base::Seconds> max_age) const {
  const auto wanted_rule = on_stale == model::StaleTelemetry::fail_open ? std::nullopt : on_stale;
  std::uint32_t best = 0;
  bool found = false;
  // The longest age that is not above the wanted one, under the very rule; the strictest view where none is.
  for (std::uint32_t i = 0; i < views.size(); ++i) {
    const View& view = views[i];
    if (view.on_stale != wanted_rule) continue;
    if (view.max_age.has_value() != max_age.has_value()) continue;
    if (max_age && *view.max_age > *max_age) continue;
    if (!found || (max_age && *view.max_age > *views[best].max_age)) best = i;
    found = true;
  }
  return found ? best : static_cast<std::uint32_t>(views.size() - 1);
}

}  // namespace headroom::scoring
