#include "controller/cap_book.h"

#include <algorithm>
#include <utility>

namespace headroom::controller {
namespace {

// A mirror that shows no object of a write, or another one, for so long is believed: it was deleted, or recreated. What
// was written counts on until a later order stands.
constexpr base::Seconds kMirrorLag{15};

void carry_unacknowledged(model::NodePowerCapSpec& spec, std::optional<base::Power> outstanding) {
  if (outstanding && spec.unacknowledged_budget) outstanding = std::max(*outstanding, *spec.unacknowledged_budget);
  spec.unacknowledged_budget = outstanding ? outstanding : spec.unacknowledged_budget;
  // Without a budget the order itself allows everything.
  if (!spec.budget || (spec.unacknowledged_budget && *spec.unacknowledged_budget <= *spec.budget)) {
    spec.unacknowledged_budget.reset();
  }
}

std::optional<base::Power> larger(std::optional<base::Power> a, std::optional<base::Power> b) {
  if (!a || !b) return a ? a : b;
  return std::max(*a, *b);
}

}  // namespace

std::optional<base::Power> unacknowledged(const model::NodePowerCap& cap, base::Power class_max) {
  if (model::acknowledged(cap)) return std::nullopt;
  // What lets go of a node, and what sets no budget, allows everything.
  const base::Power allowed = cap.spec.release ? class_max : cap.spec.budget.value_or(class_max);
  return larger(allowed, cap.spec.unacknowledged_budget);
}

void CapBook::begin(const CapList& existing, std::int32_t lease_transitions, base::MonoTime now) {
  mirror_.clear();
  written_.clear();
  in_flight_.clear();
  const std::int64_t highest = std::max<std::int64_t>(lease_transitions, existing.highest_epoch);
  stamp_ = {std::min(1 + highest, model::kMaxCapEpoch), 0};
  for (const auto& cap : existing.caps) {
    written_.insert_or_assign(cap.name, Written{std::make_shared<const model::NodePowerCap>(cap), now});
  }
}

void CapBook::mirrored(const std::vector<Cap>& caps, base::MonoTime now) {
  mirror_.clear();
  for (const auto& cap : caps) mirror_.emplace_hint(mirror_.end(), cap->name, cap);
  std::erase_if(written_, [&](const auto& entry) {
    const auto& [name, written] = entry;
    const auto found = mirror_.find(name);
    if (found != mirror_.end() && found->second->uid == written.cap->uid) {
      return found->second->spec.stamp >= written.cap->spec.stamp;
    }
    if (now - written.at < kMirrorLag) return false;
    if (written.cap->spec.budget) count(name, written.cap->spec.stamp, *written.cap->spec.budget);
    return true;
  });
  std::erase_if(in_flight_, [&](const auto& entry) {
    const Cap known = current(entry.first);
    return known && known->spec.stamp >= entry.second.stamp;
  });
}

CapBook::Cap CapBook::current(const std::string& node) const {
  const auto written = written_.find(node);
  if (written != written_.end()) return written->second.cap;
  const auto mirrored = mirror_.find(node);
  return mirrored == mirror_.end() ? nullptr : mirrored->second;
}

std::optional<base::Power> CapBook::in_flight(const std::string& node) const {
  const auto found = in_flight_.find(node);
  return found == in_flight_.end() ? std::nullopt : std::optional(found->second.budget);
}

CapOrder CapBook::order(const std::string& node, model::NodePowerCapSpec spec, base::Power class_max) {
  ++stamp_.sequence;
  CapOrder made;
  made.cap.name = node;
  made.cap.spec = spec;
  const Cap known = current(node);
  if (known) return repeated(std::move(made), *known, class_max);
  made.create = true;
  made.cap.spec.stamp = stamp_;
  carry_unacknowledged(made.cap.spec, in_flight(node));
  return made;
}

CapOrder CapBook::repeated(CapOrder order, const model::NodePowerCap& read, base::Power class_max) {
  order.create = false;
  order.cap.uid = read.uid;
  order.cap.resource_version = read.resource_version;
  order.cap.spec.stamp = stamp_;
  carry_unacknowledged(order.cap.spec, larger(unacknowledged(read, class_max), in_flight(read.name)));
  return order;
}

void CapBook::stored(const model::NodePowerCap& cap, base::MonoTime now) {
  written_.insert_or_assign(cap.name, Written{std::make_shared<const model::NodePowerCap>(cap), now});
  const auto found = in_flight_.find(cap.name);
  if (found != in_flight_.end() && found->second.stamp <= cap.spec.stamp) in_flight_.erase(found);
}

void CapBook::unknown(const CapOrder& order, base::Power class_max) {
  count(order.cap.name, order.cap.spec.stamp, order.cap.spec.budget.value_or(class_max));
}

void CapBook::count(const std::string& node, model::CapStamp stamp, base::Power budget) {
  const auto earlier = in_flight(node);
  in_flight_.insert_or_assign(node, InFlight{stamp, std::max(budget, earlier.value_or(budget))});
}

void CapBook::gone(const std::string& node) {
  written_.erase(node);
  mirror_.erase(node);
}

}  // namespace headroom::controller
